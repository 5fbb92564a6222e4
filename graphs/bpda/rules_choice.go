package bpda

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// softmax over the last axis of x in units of its standard deviation there, so
// that it does not saturate, whatever the unit of x is.
func (n *node) softmax(x tf.Output) tf.Output {
	last := op.Const(n.scope("last"), int32(-1))
	fixed := op.StopGradient(n.scope("stop_x"), x)
	centred := op.Sub(n.scope("centred"), fixed, op.Mean(n.scope("mean"), fixed, last, op.MeanKeepDims(true)))
	variance := op.Mean(n.scope("variance"), op.Square(n.scope("square"), centred), last, op.MeanKeepDims(true))
	unit := op.AddV2(n.scope("unit"), op.Sqrt(n.scope("deviation"), variance), n.constant(1e-12, tf.Float))
	largest := op.Max(n.scope("largest"), fixed, last, op.MaxKeepDims(true))
	e := op.Exp(n.scope("exp"), op.RealDiv(n.scope("in_units"), op.Sub(n.scope("below"), x, largest), unit))
	return op.RealDiv(n.scope("weights"), e, op.Sum(n.scope("total"), e, last, op.SumKeepDims(true)))
}

// lastSize is the size of the last axis of x, int32.
func (n *node) lastSize(x tf.Output) tf.Output {
	shape := op.Shape(n.scope("shape"), x)
	return op.Squeeze(n.scope("size"), op.StridedSlice(n.scope("last_size"), shape, op.Const(n.scope("begin"), []int32{-1}),
		op.Const(n.scope("end"), []int32{0}), op.Const(n.scope("stride"), []int32{1}), op.StridedSliceEndMask(1)), op.SqueezeAxis([]int64{0}))
}

// places are 0 to n-1 for an axis of size n, as float32.
func (n *node) places(size tf.Output) tf.Output {
	return n.cast(op.Range(n.scope("places"), op.Const(n.scope("zero"), int32(0)), size, op.Const(n.scope("one"), int32(1))), tf.Float)
}

// index is the mean place under weights [..., n], with those weights.
func (n *node) index(weights tf.Output, name string) (answer, bool) {
	each := op.Mul(n.scope("each"), weights, n.places(n.lastSize(weights)))
	mean := op.Sum(n.scope("mean_place"), each, op.Const(n.scope("axis"), int32(-1)))
	return answer{like: mean, weights: weights, name: name}, true
}

// orderKeepers return the values of their first input in the same order.
var orderKeepers = map[string]bool{"Cast": true, "Squeeze": true, "ExpandDims": true, "Reshape": true, "Identity": true, "EnsureShape": true, "StopGradient": true}

// reshapedWeights are the weights of the first input for an index of the shape of
// out.
func (n *node) reshapedWeights(out tf.Output) tf.Output {
	w := n.ins[0].weights
	size := op.Reshape(n.scope("weights_size"), n.lastSize(w), op.Const(n.scope("one"), []int32{1}))
	shape := op.ConcatV2(n.scope("weights_shape"), []tf.Output{op.Shape(n.scope("out_shape"), out), size}, op.Const(n.scope("axis"), int32(0)))
	return op.Reshape(n.scope("weights"), w, shape)
}

// argRule is the softmax of what ArgMax chooses from.
func argRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	rank := n.ins[0].out.Shape().NumDimensions()
	axis, known := n.nodes.constant(n.ins[1].out)
	if !ok || !known || rank < 1 {
		return answer{}, false
	}
	if axis < 0 {
		axis += int64(rank)
	}
	if axis != int64(rank)-1 {
		x = op.Transpose(n.scope("axis_last"), x, op.Const(n.scope("order"), axisLast(rank, int(axis))))
	}
	if n.op.Type() == "ArgMin" {
		x = op.Neg(n.scope("negative"), x)
	}
	return n.index(n.softmax(x), "softmax")
}

// axisLast is the order of axes that moves one to the end.
func axisLast(rank, axis int) []int32 {
	var order []int32
	for k := range rank {
		if k != axis {
			order = append(order, int32(k))
		}
	}
	return append(order, int32(axis))
}

// oneHotRule takes the weights of an index that has some, and of others a bell
// around the index.
func oneHotRule(n *node, _ int) (answer, bool) {
	index, ok := n.soft(0)
	if !ok || !n.ins[0].carries {
		return answer{}, false
	}
	rank := n.ins[0].out.Shape().NumDimensions()
	v, _ := n.op.Attr("axis")
	axis, _ := v.(int64)
	if rank < 0 || axis != -1 && axis != int64(rank) {
		return answer{}, false
	}
	weights, name := n.ins[0].weights, "softmax"
	if weights.Op == nil {
		d := op.Sub(n.scope("distance"), op.ExpandDims(n.scope("column"), index, op.Const(n.scope("axis"), int32(-1))), n.places(n.ins[1].out))
		weights = op.Exp(n.scope("bell"), op.Mul(n.scope("half"), op.Square(n.scope("square"), d), n.constant(-.5, tf.Float)))
		name = "bell around the index"
	}
	on, off := n.cast(n.ins[2].out, tf.Float), n.cast(n.ins[3].out, tf.Float)
	return like(op.Mul(n.scope("hot"), weights, op.Sub(n.scope("height"), on, off)), name)
}

// topRule gathers the values at the places that a sort has found, which is their
// true gradient. The weights of the places are a softmax of the distances from
// the values.
func topRule(n *node, i int) (answer, bool) {
	rank := n.ins[0].out.Shape().NumDimensions()
	x, ok := n.soft(0)
	if !ok || rank < 1 {
		return answer{}, false
	}
	if isFloat(n.ins[0].out.DataType()) {
		x = n.ins[0].out
	}
	places := n.copied.Output(1)
	values := op.GatherV2(n.scope("sorted"), x, places, op.Const(n.scope("axis"), int32(rank-1)), op.GatherV2BatchDims(int64(rank-1)))
	if i == 0 {
		if isFloat(n.ins[0].out.DataType()) {
			return answer{exact: values, name: "of the values sorted"}, true
		}
		return like(values, "of the values sorted")
	}
	column := op.ExpandDims(n.scope("column"), n.cast(values, tf.Float), op.Const(n.scope("last"), int32(-1)))
	row := op.ExpandDims(n.scope("row"), n.cast(x, tf.Float), op.Const(n.scope("second"), int32(-2)))
	far := op.Abs(n.scope("far"), op.Sub(n.scope("apart"), column, row))
	return n.index(n.softmax(op.Neg(n.scope("near"), far)), "softmax")
}

// gatherRule follows the index of a lookup: the mean of the table under the
// weights of the index, or the table's slope there.
func gatherRule(n *node, _ int) (answer, bool) {
	if !n.ins[1].carries {
		return gatherValueRule(n)
	}
	table, ok := n.soft(0)
	if !ok || !n.looksUpRows() {
		return answer{}, false
	}
	if w := n.ins[1].weights; w.Op != nil {
		minus := op.Const(n.scope("rest"), []int32{-1})
		rows := op.Reshape(n.scope("size"), n.firstSize(table), op.Const(n.scope("one"), []int32{1}))
		flat := op.Reshape(n.scope("table"), table, op.ConcatV2(n.scope("table_shape"), []tf.Output{rows, minus}, op.Const(n.scope("axis"), int32(0))))
		flatWeights := op.Reshape(n.scope("flat_weights"), w, op.ConcatV2(n.scope("weights_shape"), []tf.Output{minus, rows}, op.Const(n.scope("join"), int32(0))))
		mean := op.MatMul(n.scope("mean_row"), flatWeights, flat)
		return like(op.Reshape(n.scope("rows"), mean, op.Shape(n.scope("out_shape"), n.copied.Output(0))), "mean of the table under a softmax")
	}
	return n.slopeOf(table)
}

// slopeOf is the slope of a table at the index, from its neighbours, times the
// index.
func (n *node) slopeOf(table tf.Output) (answer, bool) {
	index, ok := n.soft(1)
	rank, own := n.op.Output(0).Shape().NumDimensions(), index.Shape().NumDimensions()
	if !ok || rank < 0 || own < 0 {
		return answer{}, false
	}
	at := n.cast(n.ins[1].out, tf.Int32)
	axis := op.Const(n.scope("axis"), int32(0))
	one := op.Const(n.scope("one"), int32(1))
	last := op.Sub(n.scope("last"), n.firstSize(table), one)
	up := op.GatherV2(n.scope("up"), table, op.Minimum(n.scope("next"), op.AddV2(n.scope("after"), at, one), last), axis)
	down := op.GatherV2(n.scope("down"), table, op.Maximum(n.scope("previous"), op.Sub(n.scope("before"), at, one), op.Const(n.scope("zero"), int32(0))), axis)
	slope := op.Mul(n.scope("slope"), op.StopGradient(n.scope("stop_rise"), op.Sub(n.scope("rise"), up, down)), n.constant(.5, tf.Float))
	for range rank - own {
		index = op.ExpandDims(n.scope("wide"), index, op.Const(n.scope("end"), int32(-1)))
	}
	return like(op.Mul(n.scope("line"), slope, index), "slope of the table")
}

// looksUpRows tells whether the table is indexed by its first axis.
func (n *node) looksUpRows() bool {
	if n.op.Type() == "Gather" {
		return true
	}
	axis, ok := n.nodes.constant(n.ins[2].out)
	v, _ := n.op.Attr("batch_dims")
	dims, _ := v.(int64)
	return ok && axis == 0 && dims == 0
}

// firstSize is the size of the first axis of x, int32.
func (n *node) firstSize(x tf.Output) tf.Output {
	return op.Squeeze(n.scope("size"), op.Slice(n.scope("first_size"), op.Shape(n.scope("shape"), x),
		op.Const(n.scope("begin"), []int32{0}), op.Const(n.scope("length"), []int32{1})), op.SqueezeAxis([]int64{0}))
}
