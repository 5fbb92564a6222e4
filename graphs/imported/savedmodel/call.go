package savedmodel

import (
	"fmt"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
)

// call pulls output i of a call of a function.
func (p *puller) call(f *frame, n *nodepb.NodeDef, i int) value {
	name, attrs := n.GetOp(), f.attrsOf(n)
	if p.file.functions[name] == nil {
		given := attrs["f"].GetFunc()
		name, attrs = given.GetName(), given.GetAttr()
	}
	return p.callOf(f, n, name, dataInputs(n), attrs, i)
}

// callOf pulls output i of a function that a node calls with these inputs.
func (p *puller) callOf(f *frame, n *nodepb.NodeDef, name string, inputs []string, attrs map[string]*attrpb.AttrValue, i int) value {
	fn := p.file.functions[name]
	switch {
	case fn == nil:
		return p.fail(fmt.Errorf("node %.60q: want a function %.60q, which it calls, got none: it is damaged", n.GetName(), name))
	case f.calledWithin(fn):
		return p.fail(fmt.Errorf("function %.60q calls itself: it cannot be written out", name))
	case f.depth >= maxCalls:
		return p.fail(fmt.Errorf("function %.60q: want at most %d calls within each other, got more", name, maxCalls))
	case len(inputs) != len(fn.args):
		return p.fail(fmt.Errorf("node %.60q: want %d inputs for function %.60q, got %d: it is damaged", n.GetName(), len(fn.args), name, len(inputs)))
	}
	outputs := fn.def.GetSignature().GetOutputArg()
	if i < 0 || i >= len(outputs) {
		return p.fail(fmt.Errorf("node %.60q: want an output %d of function %.60q, got %d outputs: it is damaged", n.GetName(), i, name, len(outputs)))
	}
	ret := fn.def.GetRet()[outputs[i].GetName()]
	return p.input(f.call(n, fn, inputs, attrs), ret)
}
