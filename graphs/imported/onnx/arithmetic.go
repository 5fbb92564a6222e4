package onnx

import (
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs/onnx/format"
)

// unaryFold applies f to numbers that are known at import.
func unaryFold(f func(v float64) float64) func(n *node, in []*tensor) []*tensor {
	return func(_ *node, in []*tensor) []*tensor {
		t := &tensor{kind: in[0].kind, shape: in[0].shape, data: make([]float64, in[0].count())}
		for i, v := range in[0].values() {
			t.data[i] = f(v)
		}
		return []*tensor{t}
	}
}

// binaryFold combines known numbers place by place, from left to right. The type is
// that of the first, or Bool.
func binaryFold(boolean bool, f func(a, b float64) float64) func(n *node, in []*tensor) []*tensor {
	return func(_ *node, in []*tensor) []*tensor {
		out := in[0]
		for _, t := range in[1:] {
			shape := broadcast(out.shape, t.shape)
			a, b := spread(out, shape), spread(t, shape)
			data := make([]float64, len(a))
			for i := range a {
				data[i] = f(a[i], b[i])
				if integer(out.kind) && !boolean {
					data[i] = math.Trunc(data[i])
				}
			}
			out = &tensor{kind: out.kind, shape: shape, data: data}
		}
		if boolean {
			out = &tensor{kind: format.Bool, shape: out.shape, data: out.data}
		}
		return []*tensor{out}
	}
}

func integer(kind format.DataType) bool {
	return kind == format.Int64 || kind == format.Int32 || kind == format.Uint64 || kind == format.Uint32 || kind.Bits() == 8 || kind == format.Int16 || kind == format.Uint16
}

// broadcast is the shape of two that are combined.
func broadcast(a, b []int64) []int64 {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, d := range b {
		at := len(a) - len(b) + i
		switch {
		case out[at] == 1:
			out[at] = d
		case d != 1 && d != out[at]:
			fail("want shapes that can be combined, got %v and %v", a, b)
		}
	}
	product(out)
	return out
}

// spread are the values of t repeated to a shape.
func spread(t *tensor, shape []int64) []float64 {
	step, own := make([]int64, len(shape)), strides(t.shape)
	for i, d := range t.shape {
		if d != 1 {
			step[len(shape)-len(t.shape)+i] = own[i]
		}
	}
	product(shape)
	return strided(t.values(), shape, step, 0)
}

// power is Pow. Squares and roots have ops of their own.
func power(n *node) []*value {
	x, e := n.value(0), n.value(1)
	if x.known == nil && e.rank() == 0 || e.known != nil && e.known.count() == 1 && e.rank() <= x.rank() {
		switch {
		case is(e, 1):
			return n.like(x, n.op("Identity", nil, n.read(x, x.order)))
		case is(e, 2):
			return n.like(x, n.op("Square", nil, n.read(x, x.order)))
		case is(e, .5) && !n.at.TwiceDifferentiable():
			return n.like(x, n.op("Sqrt", nil, n.read(x, x.order)))
		}
	}
	in, order, batch := n.together(x, e)
	if in[1].DataType() != in[0].DataType() {
		in[1] = n.op("Cast", attrs{"DstT": in[0].DataType()}, in[1])
	}
	return []*value{n.w.made(n.op("Pow", nil, in...), order, batch)}
}

// divide is Div; integers are rounded towards zero.
func divide(n *node) []*value {
	in, order, batch := n.together(n.value(0), n.value(1))
	kind := "Div"
	if in[0].DataType() != tf.Float {
		kind = "TruncateDiv"
	}
	return []*value{n.w.made(n.op(kind, nil, in...), order, batch)}
}

// mean is Mean: the average of the inputs.
func mean(n *node) []*value {
	sum := combine("AddV2", nil)(n)[0]
	return n.like(sum, n.scaled(sum.out, 1/float64(len(n.in))))
}

// where is Where.
func where(n *node) []*value {
	in, order, batch := n.together(n.value(0), n.value(1), n.value(2))
	return []*value{n.w.made(n.op("SelectV2", nil, in...), order, batch)}
}

func whereFold(_ *node, in []*tensor) []*tensor {
	shape := broadcast(broadcast(in[0].shape, in[1].shape), in[2].shape)
	c, a, b := spread(in[0], shape), spread(in[1], shape), spread(in[2], shape)
	for i, v := range c {
		if v == 0 {
			a[i] = b[i]
		}
	}
	return []*tensor{{kind: in[1].kind, shape: shape, data: a}}
}

// modulo is Mod: with the sign of the divisor, or of the dividend where fmod is set.
func modulo(n *node) []*value {
	kind := "FloorMod"
	if n.int("fmod", 0) != 0 {
		kind = "Mod" // TensorFlow's, of the sign of the dividend
	}
	return combine(kind, nil)(n)
}

func moduloFold(n *node, in []*tensor) []*tensor {
	if n.int("fmod", 0) != 0 {
		return binaryFold(false, math.Mod)(n, in)
	}
	return binaryFold(false, func(a, b float64) float64 { return a - b*math.Floor(a/b) })(n, in)
}

// cast is Cast. All numbers but integers of shapes are computed as float32.
func cast(n *node) []*value {
	x := n.value(0)
	kind := format.DataType(n.int("to", 0))
	y := n.read(x, x.order)
	switch to := dataType(kind); {
	case to != y.DataType():
		y = n.op("Cast", attrs{"DstT": to}, y)
	case to == tf.Float && integer(kind):
		y = n.op("Cast", attrs{"DstT": tf.Float}, n.op("Cast", attrs{"DstT": tf.Int32}, y))
	default:
		y = n.op("Identity", nil, y)
	}
	return n.like(x, y)
}

func castFold(n *node, in []*tensor) []*tensor {
	kind, x := format.DataType(n.int("to", 0)), in[0]
	dataType(kind)
	if dataType(x.kind) == tf.Float && dataType(kind) == tf.Float && !integer(kind) {
		t := *x // widened when it is read
		if t.data == nil {
			return []*tensor{&t}
		}
		t.kind = kind
		return []*tensor{&t}
	}
	out := unaryFold(func(v float64) float64 {
		switch {
		case kind == format.Bool:
			return truth(v != 0)
		case integer(kind):
			return math.Trunc(v)
		}
		return v
	})(n, in)
	out[0].kind = kind
	return out
}

// identityOf hands the first input on.
func identityOf(n *node) []*value {
	x := *n.value(0)
	return []*value{&x}
}

// dropout is Dropout in inference: it changes nothing.
func dropout(n *node) []*value {
	n.checkDropout()
	x := *n.value(0)
	if len(n.Out) < 2 {
		return []*value{&x}
	}
	in := n.read(&x, x.order)
	mask := n.op("Equal", nil, in, in)
	return append([]*value{&x}, n.like(&x, mask)...)
}

// checkDropout refuses one that is to draw.
func (n *node) checkDropout() {
	if n.given(2) && n.known(2, "modes").values()[0] != 0 && !(n.given(1) && n.known(1, "ratios").values()[0] == 0) {
		fail("want dropout in inference mode: export the network after model.eval()")
	}
}

func dropoutFold(n *node, in []*tensor) []*tensor {
	n.checkDropout()
	mask := unaryFold(func(float64) float64 { return 1 })(n, in)
	mask[0].kind = format.Bool
	return append([]*tensor{in[0]}, mask...)
}

func identityFold(_ *node, in []*tensor) []*tensor { return []*tensor{in[0]} }
