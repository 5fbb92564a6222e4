package onnx

import (
	"math"
	"slices"

	"unwarp/graphs/bounds"
	"unwarp/graphs/onnx/format"
)

// pool emits MaxPool or AveragePool, in which padding does not count.
func (w *writer) pool(l layer, x value) value {
	op := "MaxPool"
	attributes := []format.Attribute{pair("kernel_shape", l.Window), pair("strides", l.Strides), pads(l.Edges)}
	if l.Kind == bounds.AveragePoolStep {
		op = "AveragePool"
	}
	return value{name: w.add(op, []string{x.name}, attributes...), rows: l.Rows, dims: l.Dims}
}

// reduction emits a mean, and its factor where it is none.
func (w *writer) reduction(l layer, x value) value {
	count := int64(1)
	for _, a := range l.Axes {
		count *= x.dims[a]
	}
	out := w.mean(l, x)
	if factor := l.Share * float64(count); math.Abs(factor-1) > 1e-12 {
		out = w.elementwise("Mul", out, w.floats("constant", array{[]int64{1}, []float64{factor}}))
	}
	return out
}

func (w *writer) mean(l layer, x value) value {
	axes := slices.Sorted(slices.Values(l.Axes))
	if x.imageLike() && slices.Equal(axes, []int64{0, 1}) {
		pooled := value{name: w.add("GlobalAveragePool", []string{x.name}), rows: l.Rows, dims: []int64{1, 1, x.dims[2]}}
		if !l.Keep {
			pooled.name, pooled.dims = w.add("Flatten", []string{pooled.name}, format.Int("axis", 1)), l.Dims
		}
		return pooled
	}
	for i := range axes {
		axes[i]++ // the rows
	}
	out := w.add("ReduceMean", []string{w.plain(x)}, format.Ints("axes", axes...), flag("keepdims", l.Keep))
	return w.fromPlain(out, l.Rows, l.Dims)
}
