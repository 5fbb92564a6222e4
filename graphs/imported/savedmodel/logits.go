package savedmodel

import (
	"slices"

	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// reshaping are the ops that may stand between the scores and the output.
var reshaping = map[string]bool{"Reshape": true, "Squeeze": true, "ExpandDims": true, "Cast": true}

// scores walks back from the output to what is read by the softmax or sigmoid at
// the end; it is the output itself where there is none.
func (g *flatGraph) scores() (graphs.Tensor, imported.End) {
	t := g.output
	for {
		n := g.byName[t.Node]
		switch kind := n.GetOp(); {
		case kind == "Softmax":
			return tensorOf(n.Input[0]), imported.Softmax
		case kind == "LogSoftmax":
			return tensorOf(n.Input[0]), imported.LogSoftmax
		case kind == "Sigmoid":
			return tensorOf(n.Input[0]), imported.Sigmoid
		case kind == "RealDiv" || kind == "Div":
			if e, ok := g.softmaxByHand(n); ok {
				return e, imported.Softmax
			}
			return g.output, imported.Linear
		case reshaping[kind] && t.Index == 0 && g.depends[tensorOf(n.Input[0]).Node]:
			t = tensorOf(n.Input[0])
		default:
			return g.output, imported.Linear
		}
	}
}

// softmaxByHand finds the scores z of exp(z - c)/sum(exp(z - c)), where c is the
// maximum of z over the classes or nothing.
func (g *flatGraph) softmaxByHand(n *nodepb.NodeDef) (graphs.Tensor, bool) {
	e := g.byName[tensorOf(n.Input[0]).Node]
	sum := g.byName[tensorOf(n.Input[1]).Node]
	if e.GetOp() != "Exp" || sum.GetOp() != "Sum" || tensorOf(sum.Input[0]).Node != e.GetName() || !g.overClasses(sum) {
		return graphs.Tensor{}, false
	}
	z := tensorOf(e.Input[0])
	if minus := g.byName[z.Node]; minus.GetOp() == "Sub" {
		top := g.byName[tensorOf(minus.Input[1]).Node]
		if top.GetOp() == "StopGradient" {
			top = g.byName[tensorOf(top.Input[0]).Node]
		}
		if top.GetOp() == "Max" && top.Input[0] == minus.Input[0] && g.overClasses(top) {
			z = tensorOf(minus.Input[0])
		}
	}
	return z, true
}

// overClasses tells whether a reduction goes over the last axis, that it keeps.
func (g *flatGraph) overClasses(n *nodepb.NodeDef) bool {
	axes, ok := g.constantInts(tensorOf(n.Input[1]))
	rank := len(g.shapes[tensorOf(n.Input[0])])
	return ok && n.Attr["keep_dims"].GetB() && (slices.Equal(axes, []int64{-1}) || slices.Equal(axes, []int64{int64(rank) - 1}))
}

// constantInts are the values of a small constant of whole numbers.
func (g *flatGraph) constantInts(t graphs.Tensor) ([]int64, bool) {
	n := g.byName[t.Node]
	if n.GetOp() != "Const" {
		return nil, false
	}
	return ints(n.Attr["value"].GetTensor(), 1<<10)
}
