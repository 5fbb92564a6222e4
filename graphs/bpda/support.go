package bpda

import (
	"fmt"
	"sync"

	tf "github.com/wamuir/graft/tensorflow"
	attrpb "github.com/wamuir/graft/tensorflow/core/framework/attr_value_go_proto"
	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"
	"google.golang.org/protobuf/proto"
)

// zeroGradients have a gradient in TensorFlow that is 0 everywhere, and
// stoppingOps none by intent.
var (
	zeroGradients = map[string]bool{"Sign": true}
	stoppingOps   = map[string]bool{"StopGradient": true, "PreventGradient": true}
)

// support is what TensorFlow's gradients do with one kind of operation.
type support struct {
	passes  []bool // for each input: a gradient goes from the outputs to it
	refused bool   // a graph that holds the operation has no gradient at all
}

// known remembers what TensorFlow said, by [nodes.supportKey].
var known sync.Map

// supportOf tells what TensorFlow's gradients do with o.
func (n *nodes) supportOf(o *tf.Operation) support {
	k := n.supportKey(o)
	if s, ok := known.Load(k); ok {
		return s.(support)
	}
	s := n.askForSupport(o)
	known.Store(k, s)
	return s
}

// askForSupport asks TensorFlow for the gradient of a copy of o in a graph that
// never runs: so every operation of the library is known.
func (n *nodes) askForSupport(o *tf.Operation) support {
	inputs := inputsOf(o)
	out := support{passes: make([]bool, len(inputs))}
	if zeroGradients[o.Type()] || stoppingOps[o.Type()] {
		return out
	}
	out.refused = true
	scratch := &nodes{graph: tf.NewGraph(), defs: map[string]*nodepb.NodeDef{o.Name(): n.defs[o.Name()]}, versions: n.versions}
	places := make([]tf.Output, len(inputs))
	for i, in := range inputs {
		p, err := scratch.importNode(&nodepb.NodeDef{Name: fmt.Sprintf("place_%d", i), Op: "Placeholder", Attr: placeholderAttrs(in)}, nil)
		if err != nil {
			return out
		}
		places[i] = p.Output(0)
	}
	c, err := scratch.copyNode("copy", o, o.Type(), places, nil)
	if err != nil {
		return out
	}
	return askForGradients(scratch.graph, c, places)
}

// askForGradients has the gradients of an operation added to its graph.
func askForGradients(graph *tf.Graph, o *tf.Operation, inputs []tf.Output) support {
	out := support{passes: make([]bool, len(inputs))}
	var x, y []tf.Output
	var places []int
	for _, v := range outputsOf(o) {
		if isFloat(v.DataType()) {
			y = append(y, v)
		}
	}
	for i, in := range inputs {
		if isFloat(in.DataType()) {
			x, places = append(x, in), append(places, i)
		}
	}
	if len(x) == 0 || len(y) == 0 {
		return out
	}
	g, err := graph.AddGradients("gradient", y, x, nil)
	if out.refused = err != nil; out.refused {
		return out
	}
	for k, place := range places {
		out.passes[place] = g[k].Index >= 0
	}
	return out
}

func placeholderAttrs(o tf.Output) map[string]*attrpb.AttrValue {
	return map[string]*attrpb.AttrValue{"dtype": typeAttr(o.DataType()), "shape": shapeAttr(o.Shape())}
}

// supportKey names an operation up to what its gradient can depend on: kind,
// attributes and the types of its inputs.
func (n *nodes) supportKey(o *tf.Operation) string {
	d := n.defs[o.Name()]
	if d == nil {
		return o.Name()
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(&nodepb.NodeDef{Op: d.Op, Attr: d.Attr})
	if err != nil {
		return o.Name()
	}
	text := string(raw)
	for _, in := range inputsOf(o) {
		text += fmt.Sprint(",", in.DataType(), in.Shape().NumDimensions())
	}
	return text
}
