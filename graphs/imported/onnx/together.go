package onnx

import (
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// together reads values that are combined place by place, with the rank and the
// order of the one that has the most axes; smaller ones are repeated as ONNX does,
// from the last axis on.
func (n *node) together(vs ...*value) (out []tf.Output, order []int, batch growth) {
	rank := 0
	for _, v := range vs {
		rank = max(rank, v.rank())
	}
	batch = still
	for _, v := range vs {
		if v.rank() == rank && v.known == nil && order == nil {
			order = v.order
		}
		if v.batch.axis == none {
			continue
		}
		grown := v.batch
		grown.axis += rank - v.rank()
		if batch.axis != none && (grown.axis != batch.axis || grown.times != batch.times) {
			fail("want values whose images lie along one axis, got %v and others", v.shape)
		}
		batch = grown
	}
	for _, v := range vs {
		out = append(out, n.raised(v, rank, order))
	}
	return out, order, batch
}

// fitting is v, stored to be combined with x.
func (n *node) fitting(v, x *value) tf.Output { return n.raised(v, x.rank(), x.order) }

// raised reads v with leading axes of size 1 up to rank, stored in order. Of known
// values these are left out again.
func (n *node) raised(v *value, rank int, order []int) tf.Output {
	if v.rank() > rank {
		fail("want a value of at most %d axes, got %v", rank, v.shape)
	}
	ones := slices.Repeat([]int64{1}, rank-v.rank())
	if v.known == nil {
		batch := v.batch
		if batch.axis != none {
			batch.axis += len(ones)
		}
		if len(ones) > 0 {
			v = n.reshaped(v, append(ones, v.shape...), batch)
		}
		return n.read(v, order)
	}
	t := v.known
	if normal(order) != nil && v.rank() > 0 {
		t = t.reshaped(append(ones, v.shape...)...).permuted(order)
	}
	shape := t.shape
	for len(shape) > 1 && shape[0] == 1 {
		shape = shape[1:]
	}
	if len(shape) < len(t.shape) {
		t = t.reshaped(shape...)
	}
	return n.w.literal(n.at, fmt.Sprint(v.name, v.shape, rank, normal(order)), t)
}

// combine writes an op of two values, or of more one after another.
func combine(kind string, a attrs) func(n *node) []*value {
	return func(n *node) []*value {
		in, order, batch := n.together(n.all()...)
		y := in[0]
		for _, x := range in[1:] {
			y = n.op(kind, a, y, x)
		}
		if len(in) == 1 {
			y = n.op("Identity", nil, y)
		}
		return []*value{n.w.made(y, order, batch)}
	}
}

// all are the inputs, each of which has to be there.
func (n *node) all() []*value {
	if len(n.in) == 0 {
		fail("want inputs, got none")
	}
	var vs []*value
	for i := range n.in {
		vs = append(vs, n.value(i))
	}
	return vs
}
