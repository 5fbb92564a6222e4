package onnx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/imported"
	"unwarp/graphs/onnx/format"
)

// read is v in the graph, stored in order; nil is the order of the file.
func (w *walker) read(at *graphs.Scope, v *value, order []int) tf.Output {
	if v.known != nil {
		t := v.known
		if normal(order) != nil {
			t = t.permuted(order)
		}
		return w.literal(at, fmt.Sprint(v.name, v.shape, normal(order)), t)
	}
	if sameOrder(v.order, order) {
		return v.out
	}
	if order == nil {
		order = identity(v.rank())
	}
	perm, dims := make([]int32, len(order)), make([]int64, len(order))
	var moving []int32
	for i, axis := range order {
		perm[i], dims[i] = int32(v.place(axis)), v.shape[axis]
		if dims[i] != 1 {
			moving = append(moving, perm[i])
		}
	}
	if slices.IsSorted(moving) { // axes of size 1 move alone
		return w.op(at, "Reshape", nil, v.out, w.constant(at, dims))
	}
	return w.op(at, "Transpose", nil, v.out, w.constant(at, perm))
}

// literal is a known value in the graph; key says which one, and how it is stored.
// Weights are variables; numbers that stand alone, and what the file computes, are
// constants.
func (w *walker) literal(at *graphs.Scope, key string, t *tensor) tf.Output {
	if t.origin == "" || t.count() < 2 || dataType(t.kind) != tf.Float {
		return w.fixed(at, t)
	}
	key = t.origin + " " + key
	x := w.net.byKey[key]
	if x == nil {
		if w.plan == nil {
			fail("want a weight that was found when the file was opened")
		}
		x = &weight{Weight: imported.Weight{Name: w.net.names.Unique(t.origin), Shape: slices.Clone(t.shape)}, values: t}
		w.net.byKey[key] = x
		w.net.weights = append(w.net.weights, x)
	}
	w.plan.reads(x.Name)
	return w.s.Variable(x.Name, graphs.Trainable, graphs.Zeros, x.Shape...)
}

// fixed is a known value as a constant.
func (w *walker) fixed(at *graphs.Scope, t *tensor) tf.Output {
	if t.other != nil {
		fail("want a value that does not depend on the number of images")
	}
	kind, values := dataType(t.kind), t.values()
	var raw []byte
	for _, v := range values {
		switch kind {
		case tf.Int64:
			raw = binary.NativeEndian.AppendUint64(raw, uint64(clampInt(v)))
		case tf.Int32:
			raw = binary.NativeEndian.AppendUint32(raw, uint32(int32(v)))
		case tf.Bool:
			raw = append(raw, byte(v))
		}
	}
	if kind == tf.Float {
		raw, _ = binary.Append(nil, binary.NativeEndian, t.float32s())
	}
	c, err := tf.ReadTensor(kind, t.shape, bytes.NewReader(raw))
	if err != nil {
		fail("constant: %w", err)
	}
	return w.constant(at, c)
}

// dataType is how values of a type are computed: all numbers but integers of
// shapes as float32, quantized ones too.
func dataType(kind format.DataType) tf.DataType {
	switch kind {
	case format.Bool:
		return tf.Bool
	case format.Int64, format.Uint64, format.Uint32:
		return tf.Int64
	case format.Int32:
		return tf.Int32
	case format.String, format.Complex64, format.Complex128, format.Undefined:
		fail("want numbers or truth values, got values of type %s", kind)
	}
	return tf.Float
}
