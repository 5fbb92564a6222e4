package onnx

import (
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// concatNode is Concat. Where a value of the file stands beside images, it is repeated
// for each of them.
func concatNode(n *node) []*value {
	vs := n.all()
	rank := vs[0].rank()
	axis := axisOf(n.int("axis", 1), rank)
	model := vs[0]
	for _, v := range vs {
		if v.rank() != rank {
			fail("want values of the same rank, got %v and %v", vs[0].shape, v.shape)
		}
		if model.batch.axis == none && v.batch.axis != none || model.known != nil && v.known == nil {
			model = v
		}
	}
	if model.batch.axis == int(axis) {
		fail("want a concatenation within each image, got axis %d of %v", axis, model.shape)
	}
	var parts []tf.Output
	for _, v := range vs {
		if product64(v.sizes(1)) == 0 {
			continue
		}
		if model.batch.axis != none && v.batch.axis == none {
			v = n.repeatedFor(v, model)
		}
		parts = append(parts, n.read(v, model.order))
	}
	if len(parts) == 0 {
		fail("want a value that is not empty")
	}
	return []*value{n.w.made(n.concat(parts, model.place(int(axis))), model.order, model.batch)}
}

// repeatedFor is v, which has one entry along the axis of images of x, once for each
// image.
func (n *node) repeatedFor(v, x *value) *value {
	axis := x.batch.axis
	if v.shape[axis] != 1 {
		fail("want one entry along the axis of images, got %v", v.shape)
	}
	shape := slices.Clone(v.shape)
	shape[axis] = -1
	return n.expanded(v, shape, x.batch)
}

func concatFold(n *node, in []*tensor) []*tensor {
	rank := len(in[0].shape)
	axis := axisOf(n.int("axis", 1), rank)
	shape := slices.Clone(in[0].shape)
	shape[axis] = 0
	for _, t := range in {
		if len(t.shape) != rank {
			fail("want values of the same rank, got %v and %v", in[0].shape, t.shape)
		}
		shape[axis] += t.shape[axis]
	}
	outer := product(shape[:axis])
	data := make([]float64, 0, product(shape))
	for o := range outer {
		for _, t := range in {
			run := product64(t.shape[axis:])
			data = append(data, t.values()[o*run:(o+1)*run]...)
		}
	}
	return []*tensor{{kind: in[0].kind, shape: shape, data: data}}
}

// parts are the sizes of Split.
func (n *node) parts(size int64) []int64 {
	parts := n.ints("split")
	if n.given(1) {
		parts = n.known(1, "sizes").integers()
	}
	if parts == nil {
		count := n.int("num_outputs", int64(len(n.Out)))
		if count < 1 || count > size {
			fail("want at most %d parts, got %d", size, count)
		}
		each := (size + count - 1) / count
		for left := size; left > 0; left -= each {
			parts = append(parts, min(each, left))
		}
	}
	sum := int64(0)
	for _, p := range parts {
		sum += p
		if p < 0 {
			sum = none
		}
	}
	if sum != size {
		fail("want parts that add up to %d, got %v", size, parts)
	}
	return parts
}

// splitNode is Split.
func splitNode(n *node) []*value {
	x := n.value(0)
	axis := axisOf(n.int("axis", 0), x.rank())
	if x.batch.axis == int(axis) {
		fail("want a split within each image, got axis %d of %v", axis, x.shape)
	}
	parts := n.parts(x.shape[axis])
	in, at := n.read(x, x.order), int32(x.place(int(axis)))
	var out []*value
	if slices.Min(parts) == slices.Max(parts) {
		for _, y := range n.split(in, at, int64(len(parts))) {
			out = append(out, n.w.made(y, x.order, x.batch))
		}
		return out
	}
	from := int64(0)
	for _, p := range parts {
		out = append(out, n.cut(x, int(axis), from, p))
		from += p
	}
	return out
}

// cut takes size entries of an axis.
func (n *node) cut(x *value, axis int, from, size int64) *value {
	begin, count := make([]int64, x.rank()), slices.Repeat([]int64{-1}, x.rank())
	begin[axis], count[axis] = from, size
	return n.w.made(n.slice(n.read(x, x.order), stored(x, begin), stored(x, count)), x.order, x.batch)
}

// expandNode is Expand.
func expandNode(n *node) []*value {
	x, t := n.value(0), n.value(1).known
	if t == nil {
		fail("want a shape that does not depend on the image")
	}
	shape, batch := n.between(t, func(trial int64, values []int64) []int64 { return wider(x.sizes(trial), values) })
	if batch.axis == none && x.batch.axis != none {
		at := x.batch.axis + len(shape) - x.rank()
		shape, batch = slices.Clone(shape), x.batch
		shape[at], batch.axis = -1, at
	}
	return []*value{n.expanded(x, shape, batch)}
}

// wider is the shape of what has sizes repeated to values.
func wider(a, b []int64) []int64 {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, d := range b {
		at := len(a) - len(b) + i
		switch {
		case d < 0 || d > math.MaxInt32*64:
			fail("want sizes of at least 0, got %v", b)
		case out[at] == 1:
			out[at] = d
		case d != 1 && d != out[at]:
			fail("want a shape to which %v can be repeated, got %v", a, b)
		}
	}
	return out
}

// expanded is v repeated to a shape; -1 stands at the axis of batch.
func (n *node) expanded(v *value, shape []int64, batch growth) *value {
	x := n.raised(v, len(shape), nil)
	y := n.op("BroadcastTo", nil, x, n.dims(shape, batch))
	if batch.axis != none {
		y = n.reshape(y, shape)
	}
	return n.w.made(y, nil, batch)
}

func expandFold(_ *node, in []*tensor) []*tensor {
	shape := wider(in[0].shape, in[1].integers())
	for _, d := range shape {
		if d > 0 && (d%trials[0] == 0 || d%trials[1] == 0) {
			return nil // it grows with the number of images
		}
	}
	return []*tensor{{kind: in[0].kind, shape: shape, data: spread(in[0], shape), origin: ""}}
}

// tile is Tile.
func tile(n *node) []*value {
	x := n.value(0)
	times := n.known(1, "numbers of times").integers()
	if len(times) != x.rank() || x.batch.axis != none && times[x.batch.axis] != 1 {
		fail("want a number of times for each axis, 1 for that of images, got %v for %v", times, x.shape)
	}
	return n.like(x, n.op("Tile", nil, n.read(x, x.order), n.sizes(stored(x, times))))
}

func tileFold(_ *node, in []*tensor) []*tensor {
	x, times := in[0], in[1].integers()
	if len(times) != len(x.shape) {
		fail("want a number of times for each axis, got %v for %v", times, x.shape)
	}
	shape, step := []int64{}, []int64{}
	own := strides(x.shape)
	out := []int64{}
	for i, d := range x.shape {
		shape, step = append(shape, times[i], d), append(step, 0, own[i])
		out = append(out, times[i]*d)
	}
	product(shape)
	return []*tensor{{kind: x.kind, shape: out, data: strided(x.values(), shape, step, 0)}}
}
