package onnx

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs/onnx/format"
)

// limits are the smallest and the largest number of an integer type.
var limits = map[format.DataType][2]float64{
	format.Uint8: {0, 255}, format.Int8: {-128, 127}, format.Uint16: {0, 65535}, format.Int16: {-32768, 32767}, format.Uint4: {0, 15}, format.Int4: {-8, 7},
}

// quantize is QuantizeLinear: numbers are rounded, and stay float32. TensorFlow's Round
// has no gradient: attacks without gradients remain.
func quantize(n *node) []*value {
	x := n.value(0)
	kind := format.Uint8
	if n.given(2) {
		if n.in[2].known == nil {
			fail("want a zero point that does not depend on the image")
		}
		kind = n.in[2].known.kind
	} else if to := n.int("output_dtype", 0); to != 0 {
		kind = format.DataType(to)
	}
	limit, ok := limits[kind]
	if !ok {
		fail("want numbers quantized to integers of 4, 8 or 16 bits, got %s", kind)
	}
	y := n.op("Round", nil, n.op("Div", nil, n.read(x, x.order), n.along(x, n.value(1))))
	if n.given(2) {
		y = n.plus(y, n.along(x, n.in[2]))
	}
	y = n.max0(n.min0(y, limit[1]), limit[0])
	return n.like(x, y)
}

// dequantize is DequantizeLinear.
func dequantize(n *node) []*value {
	x := n.value(0)
	y := n.read(x, x.order)
	if y.DataType() != tf.Float {
		y = n.op("Cast", attrs{"DstT": tf.Float}, y)
	}
	if n.given(2) {
		zero := n.along(x, n.in[2])
		if zero.DataType() != tf.Float {
			zero = n.op("Cast", attrs{"DstT": tf.Float}, zero)
		}
		y = n.minus(y, zero)
	}
	return n.like(x, n.mul(y, n.along(x, n.value(1))))
}

// along is a scale for the whole of x, for each entry of an axis, or for blocks of
// entries, stored to be combined with x.
func (n *node) along(x, v *value) tf.Output {
	switch {
	case v.rank() == 0 || product64(v.shape) == 1 && v.rank() == 1:
		return n.reshape(n.plain(v), []int64{})
	case v.rank() == 1:
		axis := axisOf(n.int("axis", 1), x.rank())
		shape := slices.Repeat([]int64{1}, x.rank())
		shape[axis] = v.shape[0]
		return n.fitting(n.reshaped(v, shape, still), x)
	}
	block, axis := n.int("block_size", 0), axisOf(n.int("axis", 1), x.rank())
	if block < 1 || v.rank() != x.rank() || v.known == nil && v.order != nil {
		fail("want scales of one axis, or of blocks of it, got %v for %v", v.shape, x.shape)
	}
	places := make([]int64, x.shape[axis])
	for i := range places {
		places[i] = int64(i) / block
	}
	return n.fitting(n.picked(&value{out: n.plain(v), shape: v.shape, batch: still}, int(axis), places), x)
}

// dequantizeFold is DequantizeLinear of weights: they become float32 at import.
func dequantizeFold(n *node, in []*tensor) []*tensor {
	x, scale := in[0], in[1]
	axis, per := int64(0), product64(scale.shape)
	if per > 1 {
		axis = axisOf(n.int("axis", 1), len(x.shape))
		if len(scale.shape) != 1 || per != x.shape[axis] {
			return nil
		}
	}
	out := &tensor{kind: format.Float, shape: x.shape, data: slices.Clone(x.values()), origin: x.origin}
	run := int64(1)
	if len(x.shape) > 0 {
		run = product64(x.shape[axis+1:])
	}
	for i := range out.data {
		at := int64(i) / run % per
		if len(in) > 2 && in[2] != nil {
			out.data[i] -= in[2].values()[at]
		}
		out.data[i] = float64(float32(out.data[i] * scale.values()[at]))
	}
	return []*tensor{out}
}
