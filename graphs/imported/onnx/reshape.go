package onnx

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

func product64(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

// reshaped is v with another shape, -1 at the axis of batch. Where the axes that it
// joins or parts lie together, v need not be brought into the file's order before.
func (n *node) reshaped(v *value, shape []int64, batch growth) *value {
	if v.known != nil {
		return &value{name: v.name, known: v.known.reshaped(shape...), shape: shape, batch: still}
	}
	to := &value{shape: shape, batch: batch}
	if groups := alignShapes(v.sizes(trials[0]), to.sizes(trials[0])); groups != nil && v.order != nil {
		if order, ok := v.follow(groups); ok {
			return n.w.made(n.reshape(v.out, pick(shape, order)), order, batch)
		}
	}
	return n.w.made(n.reshape(n.plain(v), shape), nil, batch)
}

func (n *node) reshape(x tf.Output, shape []int64) tf.Output {
	return n.op("Reshape", nil, x, n.sizes(shape))
}

// group is a run of axes from, whose sizes multiply to those of the axes to.
type group struct{ from, to []int }

// alignShapes parts two shapes of as many values into the smallest groups; nil
// where there are none.
func alignShapes(from, to []int64) []group {
	if product64(from) != product64(to) || product64(from) == 0 {
		return nil
	}
	var groups []group
	for i, j := 0, 0; i < len(from) || j < len(to); {
		g, a, b := group{}, int64(1), int64(1)
		left := func() { g.from, a, i = append(g.from, i), a*from[i], i+1 }
		right := func() { g.to, b, j = append(g.to, j), b*to[j], j+1 }
		if i < len(from) {
			left()
		}
		if j < len(to) {
			right()
		}
		for a != b {
			if a < b {
				left()
			} else {
				right()
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// follow is the order in which groups of axes are stored when each is reshaped
// where it lies; false where the axes of a group do not lie together.
func (v *value) follow(groups []group) ([]int, bool) {
	type run struct {
		at int
		to []int
	}
	var runs []run
	for _, g := range groups {
		at := -1
		var places []int
		for _, axis := range g.from {
			if v.shape[axis] != 1 {
				places = append(places, v.place(axis))
			} else if at < 0 {
				at = v.place(axis)
			}
		}
		for i := 1; i < len(places); i++ {
			for p := places[i-1] + 1; p < places[i]; p++ {
				if v.shape[v.order[p]] != 1 {
					return nil, false
				}
			}
			if places[i] < places[i-1] {
				return nil, false
			}
		}
		if len(places) > 0 {
			at = places[0]
		} else if len(g.from) == 0 {
			at = v.rank()
		}
		runs = append(runs, run{at, g.to})
	}
	slices.SortStableFunc(runs, func(a, b run) int { return a.at - b.at })
	var order []int
	for _, r := range runs {
		order = append(order, r.to...)
	}
	return order, true
}

// grown says which of the sizes of a new shape grows with the number of images,
// where the file fixes that number and says the shape in plain numbers: the one in
// which the number of the image changes as slowly as before.
func (n *node) grown(v *value, shape []int64) ([]int64, growth) {
	fixed := n.w.net.fixedBatch
	if v.batch.axis == none {
		return shape, still
	}
	if fixed == 0 {
		fail("want a shape with one size that grows with the number of images, got %v: export the network with a fixed batch of 1", shape)
	}
	was := v.sizes(fixed)
	slow := product64(was[:v.batch.axis]) * v.batch.slow
	before, at := int64(1), none
	for axis, size := range shape {
		switch {
		case before == slow && axis > 0 && size != fixed && (axis == len(shape)-1 || slices.Equal(shape[axis:], was[v.batch.axis+1:])):
			at, before = axis-1, before/shape[axis-1] // images joined to the axis before, not to features
		case before == slow || before < slow && slow < before*size:
			at = axis
		}
		if at != none {
			break
		}
		before *= size
	}
	if at == none || slow%before != 0 || shape[at]%(slow/before*fixed) != 0 {
		fail("want a shape in which the images stay apart, got %v of %v", shape, was)
	}
	shape = slices.Clone(shape)
	batch := growth{axis: at, times: shape[at] / fixed, slow: slow / before}
	shape[at] = -1
	return shape, batch
}
