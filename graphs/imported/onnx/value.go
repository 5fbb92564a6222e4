package onnx

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// none stands for an axis that is not there.
const none = -1

// value is a tensor of the file: known at import, or computed in the graph.
type value struct {
	name  string  // in the file
	known *tensor // nil where it depends on the images
	out   tf.Output
	// order is how out is stored: its axis i is axis order[i] of the file. Nil
	// is the order of the file. Images that the file has channels first are
	// stored channels last, and moving axes is free until somebody needs them in
	// their places.
	order []int
	// shape has the axes of the file; -1 is the size that grows with the number
	// of images.
	shape []int64
	batch growth
}

// growth tells which size grows with the number of images B: that of axis is
// times·B, and of times the part slow changes more slowly than the number of the
// image.
type growth struct {
	axis        int
	times, slow int64
}

var still = growth{axis: none, times: 1, slow: 1}

// rank is the number of axes.
func (v *value) rank() int { return len(v.shape) }

// sizes is the shape for b images.
func (v *value) sizes(b int64) []int64 {
	shape := slices.Clone(v.shape)
	if v.batch.axis != none {
		shape[v.batch.axis] = v.batch.times * b
	}
	return shape
}

// place is where axis of the file is stored.
func (v *value) place(axis int) int {
	if v.order == nil {
		return axis
	}
	return slices.Index(v.order, axis)
}

// places are where axes are stored.
func (v *value) places(axes []int64) []int32 {
	out := make([]int32, len(axes))
	for i, a := range axes {
		out[i] = int32(v.place(int(a)))
	}
	return out
}

// stored lists what is said of each axis in the order in which v is stored.
func stored[T any](v *value, each []T) []T {
	if v.order == nil {
		return each
	}
	return pick(each, v.order)
}

// identity is the order that changes nothing.
func identity(rank int) []int {
	order := make([]int, rank)
	for i := range order {
		order[i] = i
	}
	return order
}

// ordered is the order of v, spelt out.
func (v *value) ordered() []int {
	if v.order == nil {
		return identity(v.rank())
	}
	return v.order
}

// normal is nil for the order that changes nothing.
func normal(order []int) []int {
	if slices.Equal(order, identity(len(order))) {
		return nil
	}
	return order
}

// sameOrder tells whether two values of one shape are stored alike.
func sameOrder(a, b []int) bool { return slices.Equal(normal(a), normal(b)) }
