package trainer

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"

	"unwarp/graphs"
)

// input is input i of a node, false where the node has none.
func input(n *nodepb.NodeDef, i int) (graphs.Tensor, bool) {
	if i >= len(n.GetInput()) || strings.HasPrefix(n.GetInput()[i], "^") {
		return graphs.Tensor{}, false
	}
	t, err := graphs.ParseTensor(n.GetInput()[i])
	return t, err == nil
}

// through follows t back over nodes of the given ops that pass their one input on.
func (x *OpenedExport) through(t graphs.Tensor, ops ...string) graphs.Tensor {
	for range len(x.nodes) { // a damaged graph may have a circle
		n := x.nodes[t.Node]
		from, ok := input(n, 0)
		if n == nil || !ok || t.Index != 0 || len(n.GetInput()) != 1 || !slices.Contains(ops, n.GetOp()) {
			break
		}
		t = from
	}
	return t
}

// source is what a named output stands for: the tensor that the decoders read,
// for example, where t is the name of a code.
func (x *OpenedExport) source(t graphs.Tensor) graphs.Tensor {
	return x.through(t, "Identity", "EnsureShape")
}

// seen is what a node's input stands for. EnsureShape has no gradient, and the
// shapes are checked otherwise.
func (x *OpenedExport) seen(t graphs.Tensor) graphs.Tensor { return x.through(t, "EnsureShape") }

// each visits the nodes that the given tensors are computed from, each once, a
// node after its inputs where there is no circle. enter says whether to go on
// behind a tensor. An error of visit ends it.
func (x *OpenedExport) each(from []graphs.Tensor, enter func(graphs.Tensor) bool, visit func(n *nodepb.NodeDef) error) error {
	done := map[string]bool{}
	var walk func(t graphs.Tensor) error
	walk = func(t graphs.Tensor) error {
		n := x.nodes[t.Node]
		if n == nil {
			return fmt.Errorf("want a node %.60q, which others read, got none", t.Node)
		}
		if !enter(t) || done[t.Node] {
			return nil
		}
		done[t.Node] = true
		for _, text := range n.GetInput() {
			name, control := strings.CutPrefix(text, "^")
			in, err := graphs.ParseTensor(name)
			if !control {
				in = x.seen(in)
			}
			if err == nil {
				err = walk(in)
			}
			if err != nil {
				return err
			}
		}
		return visit(n)
	}
	for _, t := range from {
		if err := walk(t); err != nil {
			return err
		}
	}
	return nil
}

// ends are the outputs in a fixed order.
func (x *OpenedExport) ends() (all []graphs.Tensor) {
	for _, sign := range []string{signServe, signEmbed, signReconstruct} {
		for _, name := range exportOutputs[sign] {
			if t, ok := x.outputs[name]; ok {
				all = append(all, t)
			}
		}
	}
	return all
}

// checkOps refuses what does more than compute.
func (x *OpenedExport) checkOps() error {
	always := func(graphs.Tensor) bool { return true }
	reads := false
	err := x.each(x.ends(), always, func(n *nodepb.NodeDef) error {
		switch {
		case n.GetName() == x.image.Node:
			reads = true
			return nil
		case strings.HasSuffix(n.GetOp(), "PartitionedCall"):
			return fmt.Errorf("node %.60q is a call of a function, through which gradients do not go: unwarp exports graphs without functions", n.GetName())
		case !graphs.ComputesOnly(n.GetOp()):
			return fmt.Errorf("node %.60q is a %.40s, which is none of the ops that only compute on numbers: it is not run", n.GetName(), n.GetOp())
		}
		return nil
	})
	if err == nil && !reads {
		err = fmt.Errorf("want outputs that depend on the image, got none")
	}
	return err
}

// readKeys finds under which key of variables/ each variable lies: what the
// graph's own restore op assigns.
func (x *OpenedExport) readKeys(saver *pb.SaverDef) error {
	x.keys = map[string]string{}
	restored := map[string]string{}
	if all := x.nodes[saver.GetRestoreOpName()]; all != nil {
		for _, in := range all.GetInput() {
			if variable, key, ok := x.assignment(strings.TrimPrefix(in, "^")); ok {
				restored[variable] = key
			}
		}
	}
	always := func(graphs.Tensor) bool { return true }
	return x.each(x.ends(), always, func(n *nodepb.NodeDef) error {
		if n.GetOp() != "VarHandleOp" {
			return nil
		}
		key, ok := restored[n.GetName()]
		if dtype := n.GetAttr()["dtype"].GetType(); dtype != typespb.DataType_DT_FLOAT {
			return fmt.Errorf("variable %.60q: want floats, got %s", n.GetName(), dtype)
		}
		if !ok {
			return fmt.Errorf("variable %.60q: want one that is restored from %s/, got none", n.GetName(), variablesDir)
		}
		x.keys[n.GetName()] = key
		return nil
	})
}

// assignment is what an AssignVariableOp of the restore op does: to which
// variable, from which key.
func (x *OpenedExport) assignment(name string) (variable, key string, ok bool) {
	n := x.nodes[name]
	handle, there := input(n, 0)
	value, given := input(n, 1)
	if n.GetOp() != "AssignVariableOp" || !there || !given {
		return "", "", false
	}
	value = x.source(value)
	restore := x.nodes[value.Node]
	names, there := input(restore, 1)
	keys := graphs.ConstantTexts(x.nodes[names.Node].GetAttr()["value"].GetTensor())
	if restore.GetOp() != "RestoreV2" || !there || value.Index >= len(keys) {
		return "", "", false
	}
	return x.through(handle, "Identity").Node, keys[value.Index], true
}

// isWhite tells whether a node is the constant 255, by which bytes are divided.
func isWhite(n *nodepb.NodeDef) bool {
	t := n.GetAttr()["value"].GetTensor()
	if n.GetOp() != "Const" || t.GetDtype() != typespb.DataType_DT_FLOAT || len(t.GetTensorShape().GetDim()) != 0 {
		return false
	}
	if raw := t.GetTensorContent(); len(raw) == 4 {
		return math.Float32frombits(binary.LittleEndian.Uint32(raw)) == 255
	}
	return len(t.GetFloatVal()) == 1 && t.GetFloatVal()[0] == 255
}

// checkDecoders refuses a graph whose decoders do not read the codes: others that
// are put in their place would change nothing.
func (x *OpenedExport) checkDecoders() error {
	for output, code := range map[string]string{"canonical": "appearance", "field": "geometry"} {
		reads := false
		enter := func(t graphs.Tensor) bool {
			reads = reads || t == x.outputs[code]
			return true
		}
		err := x.each([]graphs.Tensor{x.outputs[output]}, enter, func(*nodepb.NodeDef) error { return nil })
		if err != nil || !reads {
			return fmt.Errorf("%s of the export does not depend on its output %s: export it again", output, code)
		}
	}
	return nil
}
