package onnx

import (
	"slices"

	"unwarp/graphs/onnx/format"
)

// reshaped emits a reshape. An image is flattened as it lies; what reads it then
// knows the order.
func (w *writer) reshaped(l layer, x value) value {
	switch out := (value{rows: l.Rows, dims: l.Dims}); {
	case slices.Equal(x.dims, l.Dims) && x.rows == l.Rows:
		return x
	case x.imageLike() && len(l.Dims) == 1 && x.rows == 1 && l.Rows == 1:
		out.name = w.add("Flatten", []string{x.name}, format.Int("axis", 1))
		if x.dims[2] > 1 && x.dims[0]*x.dims[1] > 1 {
			out.flat = x.dims
		}
		return out
	case x.flat != nil && slices.Equal(x.flat, l.Dims) && x.rows == l.Rows:
		out.name = w.reshape(x.name, out.shape()...)
		return out
	}
	return w.fromPlain(w.reshape(w.plain(x), append([]int64{l.Rows}, l.Dims...)...), l.Rows, l.Dims)
}

// stored lists what is said of each of the dims in the order in which v is stored,
// after what is said of the rows.
func stored[T any](v value, rows T, each []T) []T {
	if v.imageLike() {
		each = []T{each[2], each[0], each[1]}
	}
	return append([]T{rows}, each...)
}

// inOrder is x with its values in TensorFlow's order, or channels first where it is an image.
func (w *writer) inOrder(x value) value {
	if x.flat != nil {
		x.name, x.flat = w.plain(x), nil
	}
	return x
}

// padding emits Pad with zeros.
func (w *writer) padding(l layer, x value) value {
	x = w.inOrder(x)
	var before, after []int64
	for _, e := range stored(x, [2]int64{}, l.Edges) {
		before, after = append(before, e[0]), append(after, e[1])
	}
	out := w.add("Pad", []string{x.name, w.ints("pads", append(before, after...)...)})
	return value{name: out, rows: l.Rows, dims: l.Dims}
}

// cut emits Slice.
func (w *writer) cut(l layer, x value) value {
	x = w.inOrder(x)
	begin := stored(x, 0, l.Begin)
	end, axes := []int64{}, []int64{}
	for i, n := range stored(x, x.rows, l.Dims) {
		end, axes = append(end, begin[i]+n), append(axes, int64(i))
	}
	out := w.add("Slice", []string{x.name, w.ints("starts", begin...), w.ints("ends", end...), w.ints("axes", axes...)})
	return value{name: out, rows: l.Rows, dims: l.Dims}
}

// concat emits Concat.
func (w *writer) concat(l layer, in []value) value {
	var names []string
	for _, x := range in {
		names = append(names, w.inOrder(x).name)
	}
	axes := make([]int64, len(l.Dims))
	axes[l.Axes[0]] = 1
	axis := slices.Index(stored(value{dims: l.Dims}, 0, axes), 1)
	return value{name: w.add("Concat", names, format.Int("axis", int64(axis))), rows: l.Rows, dims: l.Dims}
}
