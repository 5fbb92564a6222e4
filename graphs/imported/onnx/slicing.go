package onnx

import (
	"math"
	"slices"
)

// cuts are, for each axis, first, end and step of Slice.
type cuts struct{ from, to, step []int64 }

// sliceRange is the range of an axis of a size as Slice reads it.
func sliceRange(from, to, step, size int64) (int64, int64) {
	clamp := func(v, low, high int64) int64 {
		if v < 0 {
			v += size
		}
		return min(max(v, low), high)
	}
	if step > 0 {
		return clamp(from, 0, size), clamp(to, 0, size)
	}
	return clamp(from, 0, size-1), clamp(to, -1, size-1)
}

// cuts reads the ranges: attributes before operator set 10, inputs since. sizes are
// those of what is cut, read those of an input.
func (n *node) cuts(sizes []int64, read func(i int) []int64) cuts {
	c := cuts{make([]int64, len(sizes)), slices.Clone(sizes), slices.Repeat([]int64{1}, len(sizes))}
	starts, ends, axes, steps := n.ints("starts"), n.ints("ends"), n.ints("axes"), []int64(nil)
	if n.given(1) {
		starts, ends = read(1), read(2)
		if n.given(3) {
			axes = read(3)
		}
		if n.given(4) {
			steps = read(4)
		}
	}
	if axes == nil {
		for i := range starts {
			axes = append(axes, int64(i))
		}
	}
	if steps == nil {
		steps = slices.Repeat([]int64{1}, len(starts))
	}
	axes = axesOf(axes, len(sizes))
	if len(starts) != len(axes) || len(ends) != len(axes) || len(steps) != len(axes) || slices.Contains(steps, 0) {
		fail("want start, end and step for each of the axes %v, got %v, %v, %v", axes, starts, ends, steps)
	}
	for i, a := range axes {
		c.step[a] = steps[i]
		c.from[a], c.to[a] = sliceRange(starts[i], ends[i], steps[i], sizes[a])
	}
	return c
}

// size is how many entries of an axis are taken.
func (c cuts) size(axis int) int64 {
	span := c.to[axis] - c.from[axis]
	if c.step[axis] < 0 {
		span = -span
	}
	s := c.step[axis]
	if s < 0 {
		s = -max(s, -math.MaxInt64)
	}
	return max((span+s-1)/s, 0)
}

// sliceNode is Slice.
func sliceNode(n *node) []*value {
	x := n.value(0)
	sizes := x.sizes(max(n.w.net.fixedBatch, 1))
	c := n.cuts(sizes, func(i int) []int64 { return n.sliceInput(i, x) })
	v := x
	for axis := range sizes {
		switch {
		case axis == x.batch.axis:
			if c.from[axis] != 0 || c.step[axis] != 1 || c.to[axis] != sizes[axis] {
				fail("want a slice within each image, got axis %d of %v", axis, x.shape)
			}
		case c.step[axis] != 1:
			v = n.picked(v, axis, c.places(axis))
		case c.from[axis] != 0 || c.to[axis] != sizes[axis]:
			v = n.cut(v, axis, c.from[axis], c.size(axis))
		}
	}
	if v == x {
		same := *x
		v = &same
	}
	return []*value{v}
}

// sliceInput is a list that a slice reads; an end that grows with the number of images
// is that of the axis of images.
func (n *node) sliceInput(i int, x *value) []int64 {
	t := n.value(i).known
	if t == nil {
		fail("want ranges that do not depend on the image")
	}
	out := slices.Clone(t.integers())
	if t.other == nil {
		return out
	}
	for k, v := range t.other.integers() {
		if v != out[k] {
			if x.batch.axis == none || out[k] < x.sizes(trials[0])[x.batch.axis] {
				fail("want ranges that do not depend on the number of images")
			}
			out[k] = math.MaxInt64
		}
	}
	return out
}

// places are the entries of an axis that are taken.
func (c cuts) places(axis int) []int64 {
	out := make([]int64, 0, c.size(axis))
	for i := range c.size(axis) {
		out = append(out, c.from[axis]+i*c.step[axis])
	}
	return out
}

// picked is x with entries of an axis, in the order of places.
func (n *node) picked(x *value, axis int, places []int64) *value {
	indices := make([]int32, len(places))
	for i, p := range places {
		indices[i] = int32(p)
	}
	y := n.op("GatherV2", nil, n.read(x, x.order), n.indices(indices...), n.constant(int32(x.place(axis))))
	return n.w.made(y, x.order, x.batch)
}

func sliceFold(n *node, in []*tensor) []*tensor {
	x := in[0]
	c := n.cuts(x.shape, func(i int) []int64 { return in[i].integers() })
	shape, step, at := []int64{}, strides(x.shape), int64(0)
	for i := range x.shape {
		shape = append(shape, c.size(i))
		at += c.from[i] * step[i]
		step[i] *= c.step[i]
	}
	out := &tensor{kind: x.kind, shape: shape, data: []float64{}}
	if product(shape) > 0 {
		out.data = strided(x.values(), shape, step, at)
	}
	return []*tensor{out}
}

// gather is Gather: entries of an axis by number.
func gather(n *node) []*value {
	x, at := n.value(0), n.value(1)
	axis := axisOf(n.int("axis", 0), x.rank())
	if x.batch.axis == int(axis) {
		return n.gatherWithin(x, at)
	}
	if at.known == nil {
		return n.gatherComputed(x, at, axis)
	}
	size := x.shape[axis]
	places := slices.Clone(n.known(1, "numbers of entries").integers())
	for i, p := range places {
		if p < 0 {
			places[i] += size
		}
		if p < -size || p >= size {
			fail("want entries of an axis of %d, got %d", size, p)
		}
	}
	v := n.entries(x, int(axis), places)
	shape := slices.Concat(x.shape[:axis], at.shape, x.shape[axis+1:])
	batch := x.batch
	if batch.axis > int(axis) {
		batch.axis += at.rank() - 1
	}
	if at.rank() == 1 {
		return []*value{v}
	}
	return []*value{n.reshaped(v, shape, batch)}
}

// gatherWithin takes entries along the axis of images, in a network of one image: they
// are those of that image. PyTorch's exporter writes views in this way.
func (n *node) gatherWithin(x, at *value) []*value {
	if n.w.net.fixedBatch != 1 || x.batch.axis != 0 || x.batch.slow != 1 || at.known == nil || at.rank() == 0 {
		fail("want entries within each image, got axis %d of %v", x.batch.axis, x.shape)
	}
	size, rest := x.batch.times, x.shape[1:]
	places := n.known(1, "numbers of entries").integers()
	for _, p := range places {
		if p < 0 || p >= size {
			fail("want entries of an axis of %d, got %d", size, p)
		}
	}
	apart := n.reshaped(x, slices.Concat([]int64{-1, size}, rest), growth{0, 1, 1})
	v := n.entries(apart, 1, places)
	return []*value{n.reshaped(v, slices.Concat([]int64{-1}, at.shape[1:], rest), growth{0, at.shape[0], 1})}
}

// entries are entries of an axis; those that follow each other are cut out.
func (n *node) entries(x *value, axis int, places []int64) *value {
	for i, p := range places {
		if p != places[0]+int64(i) {
			return n.picked(x, axis, places)
		}
	}
	if len(places) == 0 {
		return n.picked(x, axis, places)
	}
	return n.cut(x, axis, places[0], int64(len(places)))
}

// gatherComputed takes entries whose numbers are computed.
func (n *node) gatherComputed(x, at *value, axis int64) []*value {
	if x.batch.axis != none {
		fail("want numbers of entries that do not depend on the image")
	}
	size := n.op("Cast", attrs{"DstT": at.out.DataType()}, n.constant(x.shape[axis]))
	index := n.op("FloorMod", nil, n.plain(at), size)
	y := n.op("GatherV2", nil, n.plain(x), index, n.constant(int32(axis)))
	batch := at.batch
	if batch.axis != none {
		batch.axis += int(axis)
	}
	return n.inFileOrder(y, batch)
}

func gatherFold(n *node, in []*tensor) []*tensor {
	x, at := in[0], in[1]
	axis := axisOf(n.int("axis", 0), len(x.shape))
	size, run, outer := x.shape[axis], product64(x.shape[axis+1:]), product64(x.shape[:axis])
	shape := slices.Concat(x.shape[:axis], at.shape, x.shape[axis+1:])
	data := make([]float64, 0, product(shape))
	for o := range outer {
		for _, p := range at.integers() {
			if p < 0 {
				p += size
			}
			if p < 0 || p >= size {
				fail("want entries of an axis of %d, got %d", size, p)
			}
			begin := (o*size + p) * run
			data = append(data, x.values()[begin:begin+run]...)
		}
	}
	return []*tensor{{kind: x.kind, shape: shape, data: data}}
}
