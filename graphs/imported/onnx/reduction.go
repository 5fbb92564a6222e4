package onnx

import (
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs/onnx/format"
)

// reduction is a Reduce operator: what TensorFlow reduces by, what is done with each
// value before and with the result after; the same for numbers known at import.
type reduction struct {
	kind          string
	before, after string
	start         float64
	add           func(sum, v float64) float64
	finish        func(sum float64, count int) float64
}

// reductionAxes are the axes that a node reduces, nil for an operator that does
// nothing.
func (n *node) reductionAxes(rank int) []int64 {
	axes := n.ints("axes")
	if n.given(1) {
		axes = n.known(1, "axes").integers()
	}
	if len(axes) > 0 {
		return axesOf(axes, rank)
	}
	if n.int("noop_with_empty_axes", 0) != 0 {
		return nil
	}
	for a := range rank {
		axes = append(axes, int64(a))
	}
	return axes
}

func (r reduction) write(n *node) []*value {
	x := n.value(0)
	axes := n.reductionAxes(x.rank())
	if slices.Contains(axes, int64(x.batch.axis)) {
		fail("want a reduction within each image, got axes %v of %v", axes, x.shape)
	}
	y := n.read(x, x.order)
	if r.kind == "LogSumExp" {
		return n.dropped(x, n.logSumExp(y, x.places(axes)), axes)
	}
	if r.before != "" {
		y = n.op(r.before, nil, y)
	}
	kind := r.kind
	if y.DataType() == tf.Bool {
		if kind = map[string]string{"Max": "Any", "Min": "All"}[kind]; kind == "" {
			fail("want numbers, got truth values")
		}
	}
	if len(axes) > 0 {
		y = n.reduce(kind, y, x.places(axes))
	}
	if r.after != "" {
		y = n.op(r.after, nil, y)
	}
	return n.dropped(x, y, axes)
}

// logSumExp takes the largest value out first.
func (n *node) logSumExp(x tf.Output, places []int32) tf.Output {
	if len(places) == 0 {
		return n.op("Identity", nil, x)
	}
	top := n.op("StopGradient", nil, n.reduce("Max", x, places))
	sum := n.reduce("Sum", n.op("Exp", nil, n.minus(x, top)), places)
	return n.plus(n.op("Log", nil, sum), top)
}

// dropped takes the reduced axes of y, stored as x, away unless they are to be kept.
func (n *node) dropped(x *value, y tf.Output, axes []int64) []*value {
	kept := n.w.made(y, x.order, x.batch)
	if n.int("keepdims", 1) != 0 || len(axes) == 0 {
		return []*value{kept}
	}
	return []*value{n.squeezed(kept, axes)}
}

// squeezed is v without axes of size 1.
func (n *node) squeezed(v *value, axes []int64) *value {
	var shape []int64
	batch := v.batch
	for i, size := range v.shape {
		if !slices.Contains(axes, int64(i)) {
			shape = append(shape, size)
			continue
		}
		if size != 1 {
			fail("want axes of size 1 to leave out, got axis %d of %v", i, v.shape)
		}
		if v.batch.axis > i {
			batch.axis--
		}
	}
	return n.reshaped(v, append([]int64{}, shape...), batch)
}

// fold reduces numbers that are known at import.
func (r reduction) fold(n *node, in []*tensor) []*tensor {
	x := in[0]
	axes := n.ints("axes")
	if len(in) > 1 && in[1] != nil {
		axes = in[1].integers()
	}
	if len(axes) == 0 && n.int("noop_with_empty_axes", 0) == 0 {
		for a := range x.shape {
			axes = append(axes, int64(a))
		}
	}
	axes = axesOf(axes, len(x.shape))
	kept, shape, reach := slices.Clone(x.shape), []int64{}, slices.Clone(x.shape)
	for i := range x.shape {
		if slices.Contains(axes, int64(i)) {
			kept[i] = 1
		} else {
			shape, reach[i] = append(shape, x.shape[i]), 1
		}
	}
	step := strides(x.shape)
	starts := offsets(kept, step, 0)
	out := make([]float64, len(starts))
	for i, at := range starts {
		sum, within := r.start, offsets(reach, step, at)
		for _, p := range within {
			sum = r.add(sum, x.values()[p])
		}
		if out[i] = r.finish(sum, len(within)); x.kind == format.Bool {
			out[i] = truth(out[i] > 0)
		}
	}
	if n.int("keepdims", 1) != 0 {
		shape = kept
	}
	return []*tensor{{kind: x.kind, shape: shape, data: out}}
}

func same(sum float64, _ int) float64 { return sum }

var reductions = map[string]reduction{
	"ReduceMean":      {"Mean", "", "", 0, func(s, v float64) float64 { return s + v }, func(s float64, n int) float64 { return s / float64(n) }},
	"ReduceSum":       {"Sum", "", "", 0, func(s, v float64) float64 { return s + v }, same},
	"ReduceMax":       {"Max", "", "", math.Inf(-1), math.Max, same},
	"ReduceMin":       {"Min", "", "", math.Inf(1), math.Min, same},
	"ReduceProd":      {"Prod", "", "", 1, func(s, v float64) float64 { return s * v }, same},
	"ReduceL1":        {"Sum", "Abs", "", 0, func(s, v float64) float64 { return s + math.Abs(v) }, same},
	"ReduceL2":        {"Sum", "Square", "Sqrt", 0, func(s, v float64) float64 { return s + v*v }, func(s float64, _ int) float64 { return math.Sqrt(s) }},
	"ReduceSumSquare": {"Sum", "Square", "", 0, func(s, v float64) float64 { return s + v*v }, same},
	"ReduceLogSum":    {"Sum", "", "Log", 0, func(s, v float64) float64 { return s + v }, func(s float64, _ int) float64 { return math.Log(s) }},
	"ReduceLogSumExp": {"LogSumExp", "", "", 0, func(s, v float64) float64 { return s + math.Exp(v) }, func(s float64, _ int) float64 { return math.Log(s) }},
}
