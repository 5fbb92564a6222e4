package savedmodel

import (
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"

	"unwarp/graphs"
)

// restoredKeys finds the keys of variables by the file's own restore ops, which are
// read and not run: what each assignment takes from which key. They are in the main
// graph (TensorFlow 1) or in a function that it calls with the variables.
func (f *file) restoredKeys() map[string]place {
	keys := map[string]place{}
	for _, n := range f.meta.GetGraphDef().GetNode() {
		if fn := f.functions[n.GetAttr()["f"].GetFunc().GetName()]; fn != nil {
			f.assignedBy(fn, dataInputs(n), keys)
			continue
		}
		if variable, p, ok := assignment(n, f.nodes, f.meta.GetSaverDef().GetFilenameTensorName()); ok {
			keys[tensorOf(f.originOf(variable)).Node] = p
		}
	}
	return keys
}

// assignedBy adds what a function assigns to its arguments.
func (f *file) assignedBy(fn *function, inputs []string, keys map[string]place) {
	for _, n := range fn.def.GetNodeDef() {
		variable, p, ok := assignment(n, fn.nodes, "")
		if i, isArgument := fn.args[tensorOf(variable).Node]; ok && isArgument && i < len(inputs) {
			keys[tensorOf(f.originOf(inputs[i])).Node] = p
		}
	}
}

// assignment is what an assigning node does: to which variable, from which key.
func assignment(n *nodepb.NodeDef, nodes map[string]*nodepb.NodeDef, prefix string) (variable string, p place, ok bool) {
	in := dataInputs(n)
	if n.GetOp() != "AssignVariableOp" && n.GetOp() != "Assign" || len(in) < 2 {
		return "", p, false
	}
	name, k := lastPart(in[1])
	for range maxCalls { // a damaged graph may have a circle
		from := nodes[name]
		if op := from.GetOp(); op != "Identity" && op != "EnsureShape" && op != "Cast" || len(dataInputs(from)) == 0 {
			break
		}
		name, k = lastPart(dataInputs(from)[0])
	}
	restore := nodes[name]
	given := dataInputs(restore)
	if restore.GetOp() != "RestoreV2" || len(given) != 3 || fromElsewhere(given[0], nodes, prefix) {
		return "", p, false
	}
	keys, slices := constantTexts(nodes, given[1]), constantTexts(nodes, given[2])
	if k >= len(keys) || k >= len(slices) {
		return "", p, false
	}
	return in[0], place{key: keys[k], slice: slices[k]}, true
}

// fromElsewhere tells whether a file name is a constant that is not the saver's:
// another checkpoint, from which values came before the training.
func fromElsewhere(text string, nodes map[string]*nodepb.NodeDef, prefix string) bool {
	name, _ := lastPart(text)
	return nodes[name].GetOp() == "Const" && prefix != "" && tensorOf(prefix).Node != name
}

func constantTexts(nodes map[string]*nodepb.NodeDef, text string) []string {
	name, _ := lastPart(text)
	return graphs.ConstantTexts(nodes[name].GetAttr()["value"].GetTensor())
}

// lastPart splits the name of a tensor, node:1 or node:output:1, into node and
// number.
func lastPart(text string) (node string, k int) {
	t := tensorOf(text)
	if t.Node != "" {
		node = t.Node
	}
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == ':' {
			return node, tensorOf("x" + text[i:]).Index
		}
	}
	return node, 0
}
