package savedmodel

import (
	"fmt"
	"strconv"
	"strings"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	opdefpb "github.com/wamuir/graft/tensorflow/core/framework/op_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"

	"unwarp/graphs"
)

// value is a tensor of the flat graph, or a variable.
type value struct {
	at    graphs.Tensor
	dtype typespb.DataType
	// variable is set for the handle of one; reading it gives the tensor.
	variable *variable
}

// frame is one call of a function, or the main graph.
type frame struct {
	nodes  map[string]*nodepb.NodeDef
	fn     *function // nil for the main graph
	caller *frame
	inputs []string // what the caller gives, in the caller's names
	attrs  map[string]*attrpb.AttrValue
	depth  int
	values map[graphs.Tensor]value    // what has been pulled
	pulled map[string][]value         // all outputs of ops that were written
	busy   map[graphs.Tensor]struct{} // being pulled: met again they are a circle
	calls  map[string]*frame          // by node and function
}

func newFrame(nodes map[string]*nodepb.NodeDef) *frame {
	return &frame{nodes: nodes, values: map[graphs.Tensor]value{}, pulled: map[string][]value{}, busy: map[graphs.Tensor]struct{}{}, calls: map[string]*frame{}}
}

// call opens the frame of a function that node calls with these inputs.
func (f *frame) call(node *nodepb.NodeDef, fn *function, inputs []string, attrs map[string]*attrpb.AttrValue) *frame {
	key := node.GetName() + "\x00" + fn.name
	if known := f.calls[key]; known != nil {
		return known
	}
	c := newFrame(fn.nodes)
	c.fn, c.caller, c.inputs, c.attrs, c.depth = fn, f, inputs, attrs, f.depth+1
	f.calls[key] = c
	return c
}

// calledWithin tells whether the frame is a call of fn or within one.
func (f *frame) calledWithin(fn *function) bool {
	for ; f != nil; f = f.caller {
		if f.fn == fn {
			return true
		}
	}
	return false
}

// argument is the place of the argument that text names, false where it names a
// node.
func (f *frame) argument(text string) (int, bool) {
	if f.fn == nil {
		return 0, false
	}
	name, _, _ := strings.Cut(text, ":")
	i, ok := f.fn.args[name]
	return i, ok
}

// tensor reads the name of a tensor: node:1 in the main graph, node:output:1 in a
// function.
func (p *puller) tensor(f *frame, text string) (*nodepb.NodeDef, int, error) {
	parts := strings.Split(text, ":")
	n := f.nodes[parts[0]]
	if n == nil {
		return nil, 0, fmt.Errorf("want a node %.60q, which others read, got none: it is damaged", parts[0])
	}
	if f.fn == nil || len(parts) < 3 {
		t, err := graphs.ParseTensor(text)
		return n, t.Index, err
	}
	k, err := strconv.ParseUint(parts[2], 10, 16)
	if err != nil {
		return nil, 0, fmt.Errorf("want the name of a tensor such as node:output:0, got %.60q", text)
	}
	first, err := p.firstOutput(f, n, parts[1])
	return n, first + int(k), err
}

// firstOutput is the number of the first tensor of a named output.
func (p *puller) firstOutput(f *frame, n *nodepb.NodeDef, output string) (int, error) {
	def, first := p.signatureOf(n), 0
	for _, a := range def.GetOutputArg() {
		if a.GetName() == output {
			return first, nil
		}
		size, err := argSize(a, f.attrsOf(n))
		if err != nil {
			return 0, fmt.Errorf("node %.60q: %w", n.GetName(), err)
		}
		first += size
	}
	if def == nil {
		return 0, nil // an op that this TensorFlow lacks, which is refused
	}
	return 0, fmt.Errorf("node %.60q: want an output %.40q of %.40s, got none: it is damaged", n.GetName(), output, n.GetOp())
}

// signatureOf is that of an op or of one of the file's functions, nil where it is
// not known.
func (p *puller) signatureOf(n *nodepb.NodeDef) *opdefpb.OpDef {
	if fn := p.file.functions[n.GetOp()]; fn != nil {
		return fn.def.GetSignature()
	}
	return p.ops[n.GetOp()]
}

// attrsOf are the attributes of a node, with those put in that the call gives.
func (f *frame) attrsOf(n *nodepb.NodeDef) map[string]*attrpb.AttrValue {
	out := make(map[string]*attrpb.AttrValue, len(n.GetAttr()))
	for name, a := range n.GetAttr() {
		if from, ok := a.GetValue().(*attrpb.AttrValue_Placeholder); ok {
			if a = f.attrs[from.Placeholder]; a == nil {
				continue
			}
		}
		out[name] = a
	}
	return out
}

// maxList is the largest number of tensors in one input or output.
const maxList = 1 << 16

// argSize is the number of tensors in an input or output of an op.
func argSize(a *opdefpb.OpDef_ArgDef, attrs map[string]*attrpb.AttrValue) (int, error) {
	size := int64(1)
	switch {
	case a.GetNumberAttr() != "":
		size = attrs[a.GetNumberAttr()].GetI()
	case a.GetTypeListAttr() != "":
		size = int64(len(attrs[a.GetTypeListAttr()].GetList().GetType()))
	}
	if size < 0 || size > maxList {
		return 0, fmt.Errorf("want at most %d tensors in %s, got %d", maxList, a.GetName(), size)
	}
	return int(size), nil
}

// dataInputs are the inputs of a node without those that only order.
func dataInputs(n *nodepb.NodeDef) []string {
	for i, text := range n.GetInput() {
		if strings.HasPrefix(text, "^") {
			return n.GetInput()[:i]
		}
	}
	return n.GetInput()
}
