package bpda

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Operations whose true gradient TensorFlow's C++ library lacks, written with
// others that have one.

// sameValueRule is for operations that return their first input.
func sameValueRule(n *node, _ int) (answer, bool) {
	if !isFloat(n.ins[0].out.DataType()) {
		return firstInputRule(n, 0)
	}
	return answer{exact: op.Identity(n.scope("same"), n.ins[0].out), name: "its own"}, true
}

// gatherValueRule is for Gather of a floating-point table at indices that carry no
// gradient.
func gatherValueRule(n *node) (answer, bool) {
	if n.op.Type() != "Gather" || !isFloat(n.ins[0].out.DataType()) {
		return answer{}, false
	}
	v := op.GatherV2(n.scope("gathered"), n.ins[0].out, n.ins[1].out, op.Const(n.scope("axis"), int32(0)))
	return answer{exact: v, name: "its own"}, true
}

// maxPoolRule is for the values of MaxPoolWithArgmax.
func maxPoolRule(n *node, i int) (answer, bool) {
	ksize, okK := ints(n.op, "ksize")
	strides, okS := ints(n.op, "strides")
	v, _ := n.op.Attr("padding")
	padding, okP := v.(string)
	if !okK || !okS || !okP || i > 0 || !isFloat(n.ins[0].out.DataType()) {
		return answer{}, false
	}
	return answer{exact: op.MaxPool(n.scope("pooled"), n.ins[0].out, ksize, strides, padding), name: "its own"}, true
}

// patchesRule is for ExtractImagePatches, which is a convolution with filters that
// each pick one value.
func patchesRule(n *node, _ int) (answer, bool) {
	x := n.ins[0].out
	ksizes, okK := ints(n.op, "ksizes")
	strides, okS := ints(n.op, "strides")
	rates, okR := ints(n.op, "rates")
	v, _ := n.op.Attr("padding")
	padding, okP := v.(string)
	if !okK || !okS || !okR || !okP || x.Shape().NumDimensions() != 4 || x.Shape().Size(3) < 1 || rates[1] != 1 || rates[2] != 1 || x.DataType() != tf.Float {
		return answer{}, false
	}
	h, w, c := ksizes[1], ksizes[2], x.Shape().Size(3)
	size := h * w * c
	eye := op.Reshape(n.scope("filters"), op.MatrixDiag(n.scope("eye"), op.Fill(n.scope("ones"), op.Const(n.scope("size"), []int32{int32(size)}), n.constant(1, tf.Float))),
		op.Const(n.scope("shape"), []int32{int32(h), int32(w), int32(c), int32(size)}))
	return answer{exact: op.Conv2D(n.scope("patches"), x, eye, strides, padding), name: "its own"}, true
}

// erfcRule is 1 - erf.
func erfcRule(n *node, _ int) (answer, bool) {
	x := n.ins[0].out
	return answer{exact: op.Sub(n.scope("complement"), n.constant(1, x.DataType()), op.Erf(n.scope("erf"), x)), name: "its own"}, true
}

// ints is an attribute of an operation that is a list of numbers.
func ints(o *tf.Operation, attr string) ([]int64, bool) {
	v, err := o.Attr(attr)
	list, ok := v.([]int64)
	return list, err == nil && ok
}
