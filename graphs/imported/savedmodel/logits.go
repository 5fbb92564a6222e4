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
// the end; it is the output itself where there is none. Of a class number they are
// those whose largest it is the place of, or the number itself.
func (g *flatGraph) scores(out output) (graphs.Tensor, imported.End) {
	t, found, end := g.output, g.output, imported.Linear
	if isInteger(out.info.GetDtype()) {
		end = imported.Number
	}
	for {
		n := g.byName[t.Node]
		switch kind := n.GetOp(); {
		case kind == "ArgMax" && g.ofLargest(n):
			t = tensorOf(n.Input[0])
			found, end = t, imported.Linear
			g.remarks.add("the output is the number of a class; the scores whose largest it tells are taken", n.GetName())
		case kind == "ArgMax":
			return found, imported.Number // a float of it is no score
		case reshaping[kind] && t.Index == 0 && g.depends[tensorOf(n.Input[0]).Node]:
			t = tensorOf(n.Input[0])
		case end == imported.Number:
			return found, end // rounded: what comes before says more than the output
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
			return found, end
		default:
			return found, end
		}
	}
}

// ofLargest tells whether an ArgMax goes over the last axis of scores [B,K].
func (g *flatGraph) ofLargest(n *nodepb.NodeDef) bool {
	axes, ok := g.constantInts(tensorOf(n.Input[1]))
	shape := g.shapes[tensorOf(n.Input[0])]
	return ok && g.depends[tensorOf(n.Input[0]).Node] && (slices.Equal(axes, []int64{-1}) || len(shape) == 2 && slices.Equal(axes, []int64{1}))
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
