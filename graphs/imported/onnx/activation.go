package onnx

import (
	"math"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// each writes a function of each number, wherever it is stored.
func each(f func(n *node, x tf.Output) tf.Output) func(n *node) []*value {
	return func(n *node) []*value {
		x := n.value(0)
		return n.like(x, f(n, n.read(x, x.order)))
	}
}

// plainOp is a function that TensorFlow has an op for.
func plainOp(kind string) func(n *node) []*value {
	return each(func(n *node, x tf.Output) tf.Output { return n.op(kind, nil, x) })
}

func (n *node) relu(x tf.Output) tf.Output { return graphs.Relu{}.Apply(n.at, x) }

func (n *node) max0(x tf.Output, v float64) tf.Output { return n.op("Maximum", nil, x, n.float32(v)) }
func (n *node) min0(x tf.Output, v float64) tf.Output { return n.op("Minimum", nil, x, n.float32(v)) }
func (n *node) mul(x, y tf.Output) tf.Output          { return n.op("Mul", nil, x, y) }
func (n *node) plus(x, y tf.Output) tf.Output         { return n.op("AddV2", nil, x, y) }
func (n *node) minus(x, y tf.Output) tf.Output        { return n.op("Sub", nil, x, y) }

func leakyRelu(n *node, x tf.Output) tf.Output {
	return n.op("LeakyRelu", attrs{"alpha": float32(n.float("alpha", .01))}, x)
}

// elu is x, or alpha·(exp x - 1) where x is negative.
func elu(n *node, x tf.Output) tf.Output {
	alpha := n.float("alpha", 1)
	if alpha == 1 {
		return n.op("Elu", nil, x)
	}
	return n.plus(n.op("Relu", nil, x), n.scaled(n.op("Elu", nil, n.min0(x, 0)), alpha))
}

// selu is Selu, with other constants than usual too.
func selu(n *node, x tf.Output) tf.Output {
	alpha, gamma := n.float("alpha", 1.67326319217681884765625), n.float("gamma", 1.05070102214813232421875)
	y := n.plus(n.op("Relu", nil, x), n.scaled(n.op("Elu", nil, n.min0(x, 0)), alpha))
	return n.scaled(y, gamma)
}

// celu is max(0,x) + min(0, alpha·(exp(x/alpha) - 1)).
func celu(n *node, x tf.Output) tf.Output {
	alpha := n.float("alpha", 1)
	return n.plus(n.op("Relu", nil, x), n.scaled(n.op("Elu", nil, n.scaled(n.min0(x, 0), 1/alpha)), alpha))
}

func thresholdedRelu(n *node, x tf.Output) tf.Output {
	open := n.op("Greater", nil, x, n.float32(n.float("alpha", 1)))
	return n.mul(x, n.op("Cast", attrs{"DstT": tf.Float}, open))
}

// prelu is PRelu: x, or slope·x where x is negative.
func prelu(n *node) []*value {
	in, order, batch := n.together(n.value(0), n.value(1))
	y := n.minus(n.op("Relu", nil, in[0]), n.mul(in[1], n.op("Relu", nil, n.op("Neg", nil, in[0]))))
	return []*value{n.w.made(y, order, batch)}
}

// clip is Clip: limits are attributes before operator set 11.
func clip(n *node) []*value {
	x := n.value(0)
	low, high := n.limit(1, "min"), n.limit(2, "max")
	y := n.read(x, x.order)
	if is(low, 0) && is(high, 6) {
		return n.like(x, n.op("Relu6", nil, y))
	}
	if low != nil {
		y = n.op("Maximum", nil, y, n.plain(low))
	}
	if high != nil {
		y = n.op("Minimum", nil, y, n.plain(high))
	}
	if low == nil && high == nil {
		y = n.op("Identity", nil, y)
	}
	return n.like(x, y)
}

// limit is an input or an attribute, nil where there is none.
func (n *node) limit(i int, name string) *value {
	if n.given(i) {
		if v := n.value(i); product64(v.shape) == 1 {
			return n.reshaped(v, []int64{}, still)
		}
		fail("want a number as %s, got shape %v", name, n.in[i].shape)
	}
	if n.set() < 11 && n.has(name) {
		return known(scalar(1, n.float(name, 0)))
	}
	return nil
}

// is tells whether v is known to be a number.
func is(v *value, number float64) bool {
	return v != nil && v.known != nil && v.known.other == nil && v.known.count() == 1 && v.known.values()[0] == number && dataType(v.known.kind) == tf.Float
}

// hardSigmoid is HardSigmoid: max(0, min(1, alpha·x + beta)).
func hardSigmoid(n *node, x tf.Output) tf.Output {
	return n.straight(x, n.float("alpha", .2), n.float("beta", .5))
}

func (n *node) straight(x tf.Output, alpha, beta float64) tf.Output {
	return n.max0(n.min0(n.plus(n.scaled(x, alpha), n.float32(beta)), 1), 0)
}

// hardSwish is x·HardSigmoid(x) with alpha 1/6. As Relu6 the gradient at the ends is
// that of PyTorch.
func hardSwish(n *node, x tf.Output) tf.Output {
	return n.mul(x, n.scaled(n.op("Relu6", nil, n.plus(x, n.float32(3))), 1./6))
}

// mish is x·tanh(softplus x).
func mish(n *node, x tf.Output) tf.Output {
	return n.mul(x, n.op("Tanh", nil, n.op("Softplus", nil, x)))
}

// swish is x·sigmoid(alpha·x).
func swish(n *node, x tf.Output) tf.Output {
	return n.mul(x, n.op("Sigmoid", nil, n.scaled(x, n.float("alpha", 1))))
}

// gelu is Gelu, exact or by tanh.
func gelu(n *node, x tf.Output) tf.Output {
	half := n.scaled(x, .5)
	switch mode := n.text("approximate", "none"); mode {
	case "none":
		return n.mul(half, n.plus(n.op("Erf", nil, n.scaled(x, math.Sqrt2/2)), n.float32(1)))
	case "tanh":
		cube := n.mul(n.op("Square", nil, x), x)
		inner := n.scaled(n.plus(x, n.scaled(cube, .044715)), math.Sqrt(2/math.Pi))
		return n.mul(half, n.plus(n.op("Tanh", nil, inner), n.float32(1)))
	default:
		fail("attribute approximate: want none or tanh, got %.20q", mode)
		return x
	}
}

// softmax writes Softmax, or LogSoftmax where log is set. Before operator set 13 it is
// over all axes from axis on. TensorFlow's gradient of LogSoftmax is right for
// matrices alone.
func softmax(kind string) func(n *node) []*value {
	return func(n *node) []*value {
		x := n.value(0)
		if n.set() < 13 {
			axis := axisOf(n.int("axis", 1), x.rank()+1)
			columns := product64(x.sizes(1)[axis:])
			if x.batch.axis >= int(axis) {
				fail("want a softmax within each image, got axis %d of %v", axis, x.shape)
			}
			y := n.op(kind, nil, n.reshape(n.plain(x), []int64{-1, columns}))
			return n.inFileOrder(n.reshape(y, x.shape), x.batch)
		}
		axis := int(axisOf(n.int("axis", -1), x.rank()))
		if x.batch.axis == axis {
			fail("want a softmax within each image, got axis %d of %v", axis, x.shape)
		}
		order := x.ordered()
		if order[len(order)-1] != axis {
			at := x.place(axis)
			order = append(append(append([]int{}, order[:at]...), order[at+1:]...), axis)
		}
		in := n.read(x, order)
		if kind == "LogSoftmax" && x.rank() > 2 {
			y := n.op(kind, nil, n.reshape(in, []int64{-1, x.shape[axis]}))
			return []*value{n.w.made(n.reshape(y, pick(x.shape, order)), order, x.batch)}
		}
		return []*value{n.w.made(n.op(kind, nil, in), order, x.batch)}
	}
}
