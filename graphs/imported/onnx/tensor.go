package onnx

import (
	"encoding/binary"
	"math"
	"slices"

	"unwarp/graphs/onnx/format"
)

// maxKnown is how many values a tensor that is computed at import may have, and how
// many all of them may have beside those of the file.
const maxKnown = 1 << 24

// tensor is a value that is known at import: a weight, or a number of a shape.
type tensor struct {
	kind  format.DataType
	shape []int64
	// data are the values row by row. Values of the file stay in raw until they
	// are asked for; order is then how its axes are to be permuted.
	data  []float64
	raw   func() ([]byte, error)
	order []int
	// other is what the tensor is for another number of images: nil where it is
	// the same. See [walker.images].
	other *tensor
	// origin is the initialiser that the values are of.
	origin string
}

// ints is a tensor of integers.
func ints(values ...int64) *tensor {
	t := &tensor{kind: format.Int64, shape: []int64{int64(len(values))}, data: []float64{}}
	for _, v := range values {
		t.data = append(t.data, float64(v))
	}
	return t
}

// scalar is a tensor of one number.
func scalar(kind format.DataType, v float64) *tensor {
	return &tensor{kind: kind, shape: []int64{}, data: []float64{v}}
}

// count is the number of values.
func (t *tensor) count() int64 {
	n, ok := format.Count(t.shape)
	if !ok {
		fail("want a tensor whose values can be counted, got shape %v", t.shape)
	}
	return n
}

// values are the values row by row.
func (t *tensor) values() []float64 {
	if t.data == nil {
		t.data = inOrder(t, decode(t.kind, t.bytes(), t.count()))
	}
	return t.data
}

func (t *tensor) bytes() []byte {
	raw, err := t.raw()
	if err != nil {
		fail("%w", err)
	}
	return raw
}

// inOrder puts values as they are stored into the order of the axes of t.
func inOrder[T any](t *tensor, data []T) []T {
	if t.order == nil {
		return data
	}
	stored := make([]int64, len(t.shape))
	for i, from := range t.order {
		stored[from] = t.shape[i]
	}
	return permute(data, stored, t.order)
}

// integers are the values of a list of integers.
func (t *tensor) integers() []int64 {
	if t.count() > 1<<20 {
		fail("want a list of at most %d integers, got %d", 1<<20, t.count())
	}
	out := make([]int64, 0, len(t.values()))
	for _, v := range t.values() {
		out = append(out, clampInt(v))
	}
	return out
}

// clampInt is v as an integer; what is out of range becomes the nearest.
func clampInt(v float64) int64 {
	switch {
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	case math.IsNaN(v):
		return 0
	}
	return int64(v)
}

// permuted is t with axis i from axis order[i], without touching the values.
func (t *tensor) permuted(order []int) *tensor {
	p := &tensor{kind: t.kind, origin: t.origin, shape: pick(t.shape, order)}
	if t.data != nil || t.raw == nil {
		p.data = permute(t.values(), t.shape, order)
		return p
	}
	p.raw, p.order = t.raw, slices.Clone(order)
	if t.order != nil {
		p.order = pick(t.order, order)
	}
	return p
}

// reshaped is t with another shape of as many values.
func (t *tensor) reshaped(shape ...int64) *tensor {
	r := &tensor{kind: t.kind, origin: t.origin, shape: slices.Clone(shape)}
	if t.data == nil && t.raw != nil && t.order == nil {
		r.raw = t.raw
	} else {
		r.data = t.values()
	}
	return r
}

// float32s are the values of a weight.
func (t *tensor) float32s() []float32 {
	if t.data == nil && t.kind == format.Float {
		raw := t.bytes()
		out := make([]float32, t.count())
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		return inOrder(t, out)
	}
	values := t.data
	if values == nil {
		values = inOrder(t, decode(t.kind, t.bytes(), t.count()))
	}
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

// pick is the list of what stands at the places in order.
func pick[T any](list []T, order []int) []T {
	out := make([]T, len(order))
	for i, at := range order {
		out[i] = list[at]
	}
	return out
}

// strides are the distances of neighbours along each axis.
func strides(shape []int64) []int64 {
	out, n := make([]int64, len(shape)), int64(1)
	for i := len(shape) - 1; i >= 0; i-- {
		out[i], n = n, n*shape[i]
	}
	return out
}

// permute reorders values of a shape: axis i of the result is axis order[i].
func permute[T any](data []T, shape []int64, order []int) []T {
	out := make([]T, 0, len(data))
	size, stride := pick(shape, order), pick(strides(shape), order)
	var walk func(axis int, at int64)
	walk = func(axis int, at int64) {
		if axis == len(size) {
			out = append(out, data[at])
			return
		}
		for i := range size[axis] {
			walk(axis+1, at+i*stride[axis])
		}
	}
	walk(0, 0)
	return out
}

// strided lists, for every index of shape, the value at the index's distance from at.
func strided(data []float64, shape, stride []int64, at int64) []float64 {
	places := offsets(shape, stride, at)
	out := make([]float64, len(places))
	for i, p := range places {
		out[i] = data[p]
	}
	return out
}

// offsets lists the places of all indices of shape.
func offsets(shape, stride []int64, at int64) []int64 {
	out := make([]int64, 0, product(shape))
	var walk func(axis int, at int64)
	walk = func(axis int, at int64) {
		if axis == len(shape) {
			out = append(out, at)
			return
		}
		for i := range shape[axis] {
			walk(axis+1, at+i*stride[axis])
		}
	}
	walk(0, at)
	return out
}

// product is the number of values of a shape computed at import.
func product(shape []int64) int64 {
	n, ok := format.Count(shape)
	if !ok || n > maxKnown {
		fail("want at most %d values computed at import, got shape %v", maxKnown, shape)
	}
	return n
}
