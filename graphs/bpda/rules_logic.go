package bpda

import (
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// step is a smooth step at d = 0, from 0 to 1: the logistic function of d in units
// of half its mean size.
func (n *node) step(d tf.Output) tf.Output {
	two := op.Mul(n.scope("twice"), d, n.constant(2, tf.Float))
	return op.Sigmoid(n.scope("step"), op.RealDiv(n.scope("scaled"), two, n.spread(d)))
}

// signRule is two smooth steps high.
func signRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	if !ok {
		return answer{}, false
	}
	return like(op.Mul(n.scope("sign"), n.step(x), n.constant(2, tf.Float)), "smooth step")
}

// compareRule is a smooth step where the order of two values changes, and a
// falling function of their distance where equality is asked for.
func compareRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	y, also := n.soft(1)
	if !ok || !also {
		return answer{}, false
	}
	kind := n.op.Type()
	if strings.HasPrefix(kind, "Less") {
		x, y = y, x
	}
	d := op.Sub(n.scope("difference"), x, y)
	if kind == "Greater" || kind == "GreaterEqual" || strings.HasPrefix(kind, "Less") {
		return like(n.step(d), "smooth step")
	}
	g := n.step(op.Abs(n.scope("distance"), d))
	if kind != "NotEqual" {
		g = op.Neg(n.scope("closeness"), g)
	}
	return like(g, "smooth step of the distance")
}

func notRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	if !ok {
		return answer{}, false
	}
	return like(op.Neg(n.scope("not"), x), "identity")
}

// bothRule is the sum: unlike the product it has a gradient where both are false.
func bothRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	y, also := n.soft(1)
	if !ok || !also {
		return answer{}, false
	}
	return like(op.AddV2(n.scope("either"), x, y), "sum")
}

// meanRule is the mean over the axes of All or Any.
func meanRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	if !ok {
		return answer{}, false
	}
	keep, _ := n.op.Attr("keep_dims")
	kept, _ := keep.(bool)
	return like(op.Mean(n.scope("mean"), x, n.ins[1].out, op.MeanKeepDims(kept)), "mean")
}

// selectRule follows the condition c of Select(c, a, b): the output is
// b + c·(a-b). It leaves out what is not finite, such as a masked logarithm.
func selectRule(n *node, i int) (answer, bool) {
	a, okA := n.soft(1)
	b, okB := n.soft(2)
	c, okC := n.soft(0)
	if !okA || !okB || !okC {
		return answer{}, false
	}
	d := op.StopGradient(n.scope("stop_gap"), op.Sub(n.scope("gap"), a, b))
	d = op.Select(n.scope("finite_gap"), op.IsFinite(n.scope("finite"), d), d, op.ZerosLike(n.scope("zeros"), d))
	c, ok := n.likeCondition(c, n.op.Output(i))
	if !ok {
		return answer{}, false
	}
	g := op.Mul(n.scope("chosen"), c, d)
	if isFloat(n.op.Output(i).DataType()) {
		return like(g, "the difference of both cases")
	}
	// Neither case is a floating-point number: none of their gradients flows yet.
	g = op.AddV2(n.scope("cases"), g, op.AddV2(n.scope("both"), op.Mul(n.scope("first"), op.StopGradient(n.scope("stop_c"), c), a),
		op.Mul(n.scope("second"), op.Sub(n.scope("rest"), n.constant(1, tf.Float), op.StopGradient(n.scope("stop_not"), c)), b)))
	return like(g, "the difference of both cases")
}

// likeCondition gives the condition of a Select, which may be one for each row,
// the rank of its output.
func (n *node) likeCondition(c, out tf.Output) (tf.Output, bool) {
	rank := out.Shape().NumDimensions()
	if n.op.Type() != "Select" || c.Shape().NumDimensions() != 1 || rank == 1 {
		return c, true
	}
	if rank < 0 {
		return c, false
	}
	shape := make([]int32, rank)
	for k := range shape {
		shape[k] = 1
	}
	shape[0] = -1
	return op.Reshape(n.scope("rows"), c, op.Const(n.scope("shape"), shape)), true
}
