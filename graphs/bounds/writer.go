package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// writer adds ops to a scope, each in a sub-scope of its own.
type writer struct {
	s        *graphs.Scope
	rounding Rounding
}

func (w *writer) constant(v any) tf.Output { return op.Const(w.s.Op("const"), v) }

func (w *writer) scalar(v float64) tf.Output { return w.constant(float32(v)) }

func (w *writer) add(x, y tf.Output) tf.Output { return op.AddV2(w.s.Op("add"), x, y) }

func (w *writer) sub(x, y tf.Output) tf.Output { return op.Sub(w.s.Op("sub"), x, y) }

func (w *writer) mul(x, y tf.Output) tf.Output { return op.Mul(w.s.Op("mul"), x, y) }

func (w *writer) div(x, y tf.Output) tf.Output { return op.Div(w.s.Op("div"), x, y) }

func (w *writer) max(x, y tf.Output) tf.Output { return op.Maximum(w.s.Op("max"), x, y) }

func (w *writer) min(x, y tf.Output) tf.Output { return op.Minimum(w.s.Op("min"), x, y) }

func (w *writer) abs(x tf.Output) tf.Output { return op.Abs(w.s.Op("abs"), x) }

func (w *writer) neg(x tf.Output) tf.Output { return op.Neg(w.s.Op("neg"), x) }

func (w *writer) times(v float64, x tf.Output) tf.Output { return w.mul(w.scalar(v), x) }

func (w *writer) positive(x tf.Output) tf.Output { return op.Relu(w.s.Op("positive"), x) }

func (w *writer) negative(x tf.Output) tf.Output { return w.min(x, w.scalar(0)) }

func (w *writer) stop(x tf.Output) tf.Output { return op.StopGradient(w.s.Op("stop"), x) }

// mask is 1 where x > y, else 0; it has no gradient.
func (w *writer) mask(x, y tf.Output) tf.Output {
	return op.Cast(w.s.Op("mask"), op.Greater(w.s.Op("greater"), x, y), tf.Float)
}

// mix is x where mask is 1 and y where it is 0; both must be finite.
func (w *writer) mix(mask, x, y tf.Output) tf.Output {
	return w.add(w.mul(mask, x), w.mul(w.sub(w.scalar(1), mask), y))
}

func (w *writer) reshape(x tf.Output, dims ...int64) tf.Output {
	return op.Reshape(w.s.Op("reshape"), x, w.constant(dims))
}

// rows gives x the shape [N·lead, dims...] of a node.
func (w *writer) rows(x tf.Output, n *node) tf.Output {
	return w.reshape(x, append([]int64{-1}, n.dims...)...)
}

func (w *writer) sum(x tf.Output, axes ...int32) tf.Output {
	return op.Sum(w.s.Op("sum"), x, w.constant(axes))
}

func (w *writer) sumKeep(x tf.Output, axes ...int32) tf.Output {
	return op.Sum(w.s.Op("sum"), x, w.constant(axes), op.SumKeepDims(true))
}

// pad surrounds x with value: before and after for each axis but the first.
func (w *writer) pad(x tf.Output, edges [][2]int64, value float64) tf.Output {
	all := [][]int32{{0, 0}}
	some := false
	for _, e := range edges {
		all = append(all, []int32{int32(e[0]), int32(e[1])})
		some = some || e != [2]int64{}
	}
	if !some {
		return x
	}
	if value == 0 {
		return op.Pad(w.s.Op("pad"), x, w.constant(all)) // PadV2 with zeros: the same
	}
	return op.PadV2(w.s.Op("pad"), x, w.constant(all), w.scalar(value))
}

// slice cuts size values from begin on, for each axis but the first.
func (w *writer) slice(x tf.Output, begin, size []int64) tf.Output {
	from, n := []int32{0}, []int32{-1}
	for i := range begin {
		from, n = append(from, int32(begin[i])), append(n, int32(size[i]))
	}
	return op.Slice(w.s.Op("slice"), x, w.constant(from), w.constant(n))
}

// shapeWith is the run-time shape [rows of x, dims...].
func (w *writer) shapeWith(x tf.Output, dims ...int64) tf.Output {
	shape := op.Shape(w.s.Op("shape"), x)
	rows := op.Slice(w.s.Op("rows"), shape, w.constant([]int32{0}), w.constant([]int32{1}))
	rest := make([]int32, len(dims))
	for i, d := range dims {
		rest[i] = int32(d)
	}
	return op.ConcatV2(w.s.Op("shape"), []tf.Output{rows, w.constant(rest)}, w.constant(int32(0)))
}

// total adds outputs up, leaving out zero Outputs; all zero: a zero Output.
func (w *writer) total(xs ...tf.Output) tf.Output {
	var sum tf.Output
	for _, x := range xs {
		switch {
		case x.Op == nil:
		case sum.Op == nil:
			sum = x
		default:
			sum = w.add(sum, x)
		}
	}
	return sum
}

// weight is v as m says.
func (w *writer) weight(v tf.Output, m weights) tf.Output {
	switch m {
	case absolute:
		return w.abs(v)
	case squared:
		return w.square(v)
	}
	return v
}

func (w *writer) square(x tf.Output) tf.Output { return op.Square(w.s.Op("square"), x) }

func (w *writer) sqrt(x tf.Output) tf.Output { return op.Sqrt(w.s.Op("sqrt"), x) }

// ones is a tensor of ones of a shape known at run time.
func (w *writer) ones(shape tf.Output) tf.Output { return op.Fill(w.s.Op("ones"), shape, w.scalar(1)) }
