package savedmodel

import (
	"fmt"
	"maps"
	"slices"

	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	functionpb "github.com/wamuir/graft/tensorflow/core/framework/function_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"

	"unwarp/graphs"
)

// loop pulls output i of a While, which is kept with its functions: no gradient
// passes it, but the network can be run.
func (p *puller) loop(f *frame, n *nodepb.NodeDef, i int) value {
	all, done := f.pulled[n.GetName()]
	if !done {
		all = p.writeLoop(f, n)
		f.pulled[n.GetName()] = all
	}
	if p.err != nil || len(p.problems.order) > 0 {
		return value{dtype: typespb.DataType_DT_FLOAT}
	}
	if i < 0 || i >= len(all) {
		return p.fail(fmt.Errorf("node %.60q: want an output %d of %.40s, got %d outputs: it is damaged", n.GetName(), i, n.GetOp(), len(all)))
	}
	return all[i]
}

func (p *puller) writeLoop(f *frame, n *nodepb.NodeDef) []value {
	attrs := f.attrsOf(n)
	types := attrs["T"].GetList().GetType()
	p.takeFunctions(attrs, nil)
	ins := p.inputs(f, n)
	if len(ins) != len(types) {
		p.fail(fmt.Errorf("node %.60q: want %d inputs of %.40s, got %d: it is damaged", n.GetName(), len(types), n.GetOp(), len(ins)))
	}
	if p.err != nil || len(p.problems.order) > 0 {
		return nil
	}
	w := &nodepb.NodeDef{Name: p.names.Unique(n.GetName()), Op: n.GetOp(), Attr: map[string]*attrpb.AttrValue{}}
	for _, a := range p.ops[n.GetOp()].GetAttr() {
		if given := attrs[a.GetName()]; given != nil {
			w.Attr[a.GetName()] = given
		}
	}
	for k, in := range ins {
		if in.variable != nil {
			in = p.handleOf(n, in.variable)
		}
		w.Input = append(w.Input, p.cast(n.GetName(), in, types[k]).at.String())
	}
	p.write(w)
	p.remarks.add("loops are kept as they are, and no gradient passes them: attacks without gradients alone run", w.Name)
	out := make([]value, len(types))
	for k, t := range types {
		out[k] = p.cast(w.Name, value{at: graphs.Tensor{Node: w.Name, Index: k}, dtype: t}, wide(t))
	}
	return out
}

// handleOf is the handle of a variable that a loop reads itself.
func (p *puller) handleOf(n *nodepb.NodeDef, v *variable) value {
	if v.dtype != typespb.DataType_DT_FLOAT {
		p.problems.add("a loop with a variable of "+typeName(v.dtype), n.GetOp(), n.GetName())
		return value{}
	}
	p.valueOf(v)
	if p.err != nil || v.read == nil {
		return value{}
	}
	if v.same != nil {
		v = v.same
	}
	if v.handle == "" {
		attrs := map[string]*attrpb.AttrValue{"dtype": typeAttr(typespb.DataType_DT_RESOURCE), "shape": shapeAttr(nil)}
		v.handle = p.add(v.name+"/handle", "Placeholder", attrs, typespb.DataType_DT_RESOURCE).at.Node
	}
	return value{at: graphs.Tensor{Node: v.handle}, dtype: typespb.DataType_DT_RESOURCE}
}

// takeFunctions keeps the functions that attributes name, with those that they
// call, after looking at all their ops.
func (p *puller) takeFunctions(attrs map[string]*attrpb.AttrValue, within []string) {
	for _, a := range attrs {
		for _, fn := range append(a.GetList().GetFunc(), a.GetFunc()) {
			if fn != nil && p.err == nil {
				p.takeFunction(fn.GetName(), within)
			}
		}
	}
}

func (p *puller) takeFunction(name string, within []string) {
	fn := p.file.functions[name]
	switch {
	case fn == nil:
		p.fail(fmt.Errorf("want a function %.60q, which others call, got none: it is damaged", name))
		return
	case slices.Contains(within, name) || len(within) > maxCalls:
		p.fail(fmt.Errorf("function %.60q calls itself: it cannot be run", name))
		return
	case p.library[name] != nil:
		return
	}
	within = append(slices.Clone(within), name)
	for _, n := range fn.def.GetNodeDef() {
		kind := n.GetOp()
		switch {
		case p.file.functions[kind] != nil:
			p.takeFunction(kind, within)
		case !calling[kind] && !passing[kind] && kind != "IdentityN" && kind != "NoOp" && variableOps[kind] == nil:
			if why := refusal(kind, p.ops[kind] != nil); why != "" {
				p.problems.add(why, kind, n.GetName())
			}
		}
		p.takeFunctions(n.GetAttr(), within)
	}
	if p.library == nil {
		p.library = map[string]*functionpb.FunctionDef{}
	}
	p.library[name] = fn.def
}

// calling are the ops that call functions.
var calling = map[string]bool{"PartitionedCall": true, "StatefulPartitionedCall": true, "If": true, "StatelessIf": true, "Case": true, "StatelessCase": true, "While": true, "StatelessWhile": true}

// functions are those that loops need, in the order of their names.
func (p *puller) functions() *functionpb.FunctionDefLibrary {
	if len(p.library) == 0 {
		return nil
	}
	all := &functionpb.FunctionDefLibrary{}
	for _, name := range slices.Sorted(maps.Keys(p.library)) {
		all.Function = append(all.Function, p.library[name])
	}
	return all
}
