package savedmodel

import (
	"fmt"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
)

// branch pulls output i of an If: a choice between both branches, or the one that
// a constant condition takes.
func (p *puller) branch(f *frame, n *nodepb.NodeDef, i int) value {
	condition := p.nth(f, n, 0)
	if p.err != nil {
		return value{}
	}
	attrs := f.attrsOf(n)
	side := func(name string) value {
		fn := attrs[name].GetFunc()
		return p.callOf(f, n, fn.GetName(), dataInputs(n)[1:], fn.GetAttr(), i)
	}
	if taken, known := p.constantBool(condition); known {
		if taken {
			return side("then_branch")
		}
		return side("else_branch")
	}
	p.remarks.add("both branches of conditions are computed", "")
	return p.choose(n, condition, side("then_branch"), side("else_branch"))
}

// choice pulls output i of a Case: branch k where the index is k, the last for any
// other.
func (p *puller) choice(f *frame, n *nodepb.NodeDef, i int) value {
	index := p.nth(f, n, 0)
	branches := f.attrsOf(n)["branches"].GetList().GetFunc()
	if p.err != nil {
		return value{}
	}
	if len(branches) == 0 {
		return p.fail(fmt.Errorf("node %.60q: want branches, got none: it is damaged", n.GetName()))
	}
	p.remarks.add("both branches of conditions are computed", "")
	var out value
	for k := len(branches) - 1; k >= 0; k-- {
		v := p.callOf(f, n, branches[k].GetName(), dataInputs(n)[1:], branches[k].GetAttr(), i)
		if k == len(branches)-1 {
			out = v
			continue
		}
		is := p.add(n.GetName()+"/is", "Equal", map[string]*attrpb.AttrValue{"T": typeAttr(index.dtype)}, typespb.DataType_DT_BOOL, index, p.number(n.GetName()+"/branch", index.dtype, float64(k)))
		out = p.choose(n, is, v, out)
	}
	return out
}

// choose adds a choice between two values.
func (p *puller) choose(n *nodepb.NodeDef, condition, then, otherwise value) value {
	if p.err != nil {
		return value{}
	}
	if then.variable != nil || otherwise.variable != nil {
		if then.variable != otherwise.variable {
			p.problems.add("a choice between variables", n.GetOp(), n.GetName())
		}
		return then
	}
	if then.at == otherwise.at {
		return then
	}
	if condition.dtype != typespb.DataType_DT_BOOL {
		condition = p.add(n.GetName()+"/condition", "NotEqual", map[string]*attrpb.AttrValue{"T": typeAttr(condition.dtype)}, typespb.DataType_DT_BOOL, condition, p.number(n.GetName()+"/zero", condition.dtype, 0))
	}
	t := then.dtype
	if otherwise.dtype == typespb.DataType_DT_FLOAT {
		t = otherwise.dtype // bytes of the image are floats here
	}
	return p.add(n.GetName(), "SelectV2", map[string]*attrpb.AttrValue{"T": typeAttr(t)}, t, condition, p.cast(n.GetName(), then, t), p.cast(n.GetName(), otherwise, t))
}
