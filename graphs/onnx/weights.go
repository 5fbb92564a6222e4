package onnx

import (
	"unwarp/graphs/bounds"
	"unwarp/graphs/onnx/format"
)

// convolution emits Conv, with kernels [M,C/groups,rows,cols].
func (w *writer) convolution(l layer, x value) value {
	kernel, groups := l.weights, int64(1)
	if l.Kind == bounds.DepthwiseStep {
		groups = kernel.shape[2]
		kernel = kernel.transpose(2, 3, 0, 1).reshape(groups*kernel.shape[3], 1, kernel.shape[0], kernel.shape[1])
	} else {
		kernel = kernel.transpose(3, 2, 0, 1)
	}
	in := []string{x.name, w.floats("kernel", kernel)}
	if l.bias != nil {
		in = append(in, w.floats("bias", array{[]int64{int64(len(l.bias))}, l.bias}))
	}
	out := w.add("Conv", in, pair("kernel_shape", l.Window), pair("strides", l.Strides), pads(l.Edges), format.Int("group", groups))
	return value{name: out, rows: l.Rows, dims: l.Dims}
}

// pads are the edges of rows and columns, first those before.
func pads(edges [][2]int64) format.Attribute {
	return format.Ints("pads", edges[0][0], edges[1][0], edges[0][1], edges[1][1])
}

// product emits Gemm, with weights [M,D] in the order of the values.
func (w *writer) product(l layer, x value) value {
	weights := l.weights
	if l.Transposed {
		weights = weights.transpose(1, 0)
	}
	d, m := weights.shape[0], weights.shape[1]
	if f := x.flat; f != nil {
		weights = weights.reshape(f[0], f[1], f[2], m).transpose(2, 0, 1, 3).reshape(d, m)
	}
	in := []string{x.name, w.floats("weights", weights.transpose(1, 0))}
	if l.bias != nil {
		in = append(in, w.floats("bias", array{[]int64{m}, l.bias}))
	}
	return value{name: w.add("Gemm", in, format.Int("transB", 1)), rows: l.Rows, dims: l.Dims}
}

// constant emits Add or Mul with a constant.
func (w *writer) constant(l layer, x value) (value, error) {
	a, err := l.weights.align(x.dims)
	if err != nil {
		return x, err
	}
	op := "Mul"
	if l.Kind == bounds.ShiftStep {
		op = "Add"
		if l.Signs[0] < 0 {
			op = "Sub"
		}
	}
	switch f := x.flat; {
	case x.imageLike():
		a = a.transpose(2, 0, 1)
	case f != nil && len(a.data) > 1:
		a = a.reshape(f...).transpose(2, 0, 1).reshape(x.dims...)
	}
	a = a.reshape(append([]int64{1}, a.shape...)...)
	return w.elementwise(op, x, w.floats("constant", a)), nil
}
