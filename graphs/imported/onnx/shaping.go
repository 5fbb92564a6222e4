package onnx

import (
	"math"
	"slices"

	"unwarp/graphs/onnx/format"
)

// shapeOf is Shape. What grows with the number of images is known for both trials.
func shapeOf(n *node) []*value {
	x := n.value(0)
	from, to := sliceRange(n.int("start", 0), n.int("end", math.MaxInt64), 1, int64(x.rank()))
	return n.sizesOf(x, func(sizes []int64) *tensor {
		if from > to {
			return ints()
		}
		return ints(sizes[from:to]...)
	})
}

// sizesOf is what f says of the shape of x, for any number of images.
func (n *node) sizesOf(x *value, f func(sizes []int64) *tensor) []*value {
	if fixed := n.w.net.fixedBatch; fixed != 0 || x.batch.axis == none {
		return []*value{known(f(x.sizes(max(fixed, 1))))}
	}
	t := f(x.sizes(trials[0]))
	if other := f(x.sizes(trials[1])); !slices.Equal(t.values(), other.values()) {
		t.other = other
	}
	return []*value{known(t)}
}

// sizeOf is Size.
func sizeOf(n *node) []*value {
	return n.sizesOf(n.value(0), func(sizes []int64) *tensor { return scalar(format.Int64, float64(product64(sizes))) })
}

// reshapeNode is Reshape: 0 keeps a size, -1 is what is left.
func reshapeNode(n *node) []*value {
	x := n.value(0)
	var t *tensor
	if v := n.value(1); v.known != nil {
		t = v.known
	} else {
		fail("want a shape that does not depend on the image")
	}
	zeros := n.int("allowzero", 0) != 0
	shape, batch := n.between(t, func(trial int64, values []int64) []int64 { return resolve(x.sizes(trial), values, zeros) })
	if batch.axis == none && x.batch.axis != none {
		shape, batch = n.grown(x, shape)
	}
	return []*value{n.reshaped(x, shape, batch)}
}

// resolve is the shape that values mean for what has sizes.
func resolve(sizes, values []int64, zeros bool) []int64 {
	out, open, rest := slices.Clone(values), none, int64(1)
	for i, v := range out {
		switch {
		case v == 0 && !zeros:
			if i >= len(sizes) {
				fail("want sizes to keep, shape %v has none at axis %d", sizes, i)
			}
			out[i] = sizes[i]
		case v == -1 && open == none:
			open = i
			continue
		case v < 0:
			fail("want sizes of at least 0, and one of -1 at most, got %v", values)
		}
		rest *= out[i]
	}
	total := product64(sizes)
	if open != none && rest != 0 {
		out[open] = total / rest
		rest *= out[open]
	}
	if rest != total {
		fail("want a shape for %d values, got %v for %v", total, values, sizes)
	}
	return out
}

func reshapeFold(n *node, in []*tensor) []*tensor {
	return []*tensor{in[0].reshaped(resolve(in[0].shape, in[1].integers(), n.int("allowzero", 0) != 0)...)}
}

// flatten is Flatten: to a matrix, the axes before axis in its rows.
func flatten(n *node) []*value {
	x := n.value(0)
	axis := axisOf(n.int("axis", 1), x.rank()+1)
	if n.int("axis", 1) < 0 {
		axis-- // counted among the axes themselves
	}
	rows, columns := product64(x.shape[:axis]), product64(x.shape[axis:])
	batch := still
	switch {
	case x.batch.axis == none:
	case x.batch.axis < int(axis):
		before := product64(x.shape[:x.batch.axis])
		batch = growth{0, x.batch.times * -rows, before * x.batch.slow}
		rows = -1
		if batch.times < 1 {
			fail("want images that stay apart, got axis %d of %v", axis, x.shape)
		}
	default:
		fail("want images that stay apart, got axis %d of %v", axis, x.shape)
	}
	return []*value{n.reshaped(x, []int64{rows, columns}, batch)}
}

func flattenFold(n *node, in []*tensor) []*tensor {
	rank := len(in[0].shape)
	axis := n.int("axis", 1)
	if axis < 0 {
		axis += int64(rank)
	}
	axis = axisOf(axis, rank+1)
	return []*tensor{in[0].reshaped(product64(in[0].shape[:axis]), product64(in[0].shape[axis:]))}
}

// axesInput are axes: an input since operator set 13, an attribute before.
func (n *node) axesInput() []int64 {
	if n.given(1) {
		return n.known(1, "axes").integers()
	}
	return n.ints("axes")
}

// squeeze is Squeeze: axes of size 1 go, all of them where none are named.
func squeeze(n *node) []*value {
	x := n.value(0)
	axes := n.axesInput()
	if axes == nil {
		for i, d := range x.shape {
			if d == 1 {
				axes = append(axes, int64(i))
			}
		}
	}
	axes = axesOf(axes, x.rank())
	if fixed := n.w.net.fixedBatch; fixed == 1 && slices.Contains(axes, int64(x.batch.axis)) {
		fail("want images along an axis of their own, got a network of one image that leaves that axis out")
	}
	return []*value{n.squeezed(x, axes)}
}

func squeezeFold(n *node, in []*tensor) []*tensor {
	axes, shape := n.axesInput(), []int64{}
	given := axes != nil
	axes = axesOf(axes, len(in[0].shape))
	for i, d := range in[0].shape {
		if given && slices.Contains(axes, int64(i)) || !given && d == 1 {
			if d != 1 {
				fail("want axes of size 1 to leave out, got axis %d of %v", i, in[0].shape)
			}
			continue
		}
		shape = append(shape, d)
	}
	return []*tensor{in[0].reshaped(shape...)}
}

// unsqueezed is a shape with axes of size 1 put in.
func unsqueezed(shape, axes []int64) []int64 {
	axes = axesOf(axes, len(shape)+len(axes))
	out := []int64{}
	for i := range len(shape) + len(axes) {
		if slices.Contains(axes, int64(i)) {
			out = append(out, 1)
		} else {
			out, shape = append(out, shape[0]), shape[1:]
		}
	}
	return out
}

// unsqueeze is Unsqueeze.
func unsqueeze(n *node) []*value {
	x, axes := n.value(0), n.axesInput()
	shape, batch := unsqueezed(x.shape, axes), x.batch
	if batch.axis != none {
		batch.axis = slices.Index(shape, -1)
	}
	return []*value{n.reshaped(x, shape, batch)}
}

func unsqueezeFold(n *node, in []*tensor) []*tensor {
	return []*tensor{in[0].reshaped(unsqueezed(in[0].shape, n.axesInput())...)}
}

// permutation is the attribute perm, by default all axes turned round.
func (n *node) permutation(rank int) []int {
	perm := n.ints("perm")
	order := make([]int, 0, rank)
	if perm == nil {
		for i := rank - 1; i >= 0; i-- {
			order = append(order, i)
		}
		return order
	}
	if len(perm) != rank {
		fail("attribute perm: want %d axes, got %v", rank, perm)
	}
	for _, a := range axesOf(perm, rank) {
		order = append(order, int(a))
	}
	return order
}

// transpose is Transpose: axes get other numbers, and nothing moves.
func transpose(n *node) []*value {
	x := n.value(0)
	perm := n.permutation(x.rank())
	v := *x
	v.shape, v.order = pick(x.shape, perm), nil
	for _, axis := range x.ordered() {
		v.order = append(v.order, slices.Index(perm, axis))
	}
	v.order = normal(v.order)
	if v.batch.axis != none {
		v.batch.axis = slices.Index(perm, v.batch.axis)
	}
	return []*value{&v}
}

func transposeFold(n *node, in []*tensor) []*tensor {
	return []*tensor{in[0].permuted(n.permutation(len(in[0].shape)))}
}
