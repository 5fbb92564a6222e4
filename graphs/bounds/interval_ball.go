package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// propagateBall takes the L2 or L1 ball of in through o. An injective operator
// keeps it. Any other ends it: the radius of each output is the dual norm of
// its weights, and box, which the pixels' own limits give, is cut by that.
func (w *writer) propagateBall(o linear, in, box interval) interval {
	terms, _ := o.terms()
	if _, ok := o.(injective); ok {
		box.norm = in.norm
		if w.on() {
			box.loose = o.apply(w, []tf.Output{w.loosen(in, w.add(w.abs(in.c), in.r), terms)}, absolute)
		}
		box.point = o.apply(w, []tf.Output{in.point}, signed)
		box.reach = o.apply(w, []tf.Output{in.reach}, absolute)
		return box
	}
	point := o.apply(w, []tf.Output{in.point}, signed)
	radius := w.sqrt(o.apply(w, []tf.Output{w.square(in.reach)}, squared))
	if m, ok := o.(mixing); ok && in.norm == L1 {
		radius = w.min(radius, w.mul(m.largest(w), w.largestOf(in.reach, radius)))
	}
	if w.on() {
		magnitude := o.apply(w, []tf.Output{w.add(w.abs(in.c), in.r)}, absolute)
		radius = w.widen(w.times(1+w.rounding.factor(terms), radius), magnitude, terms)
		if in.loose.Op != nil {
			radius = w.add(radius, o.apply(w, []tf.Output{in.loose}, absolute))
		}
	}
	l, u := w.bounds(box)
	return w.fromBounds(w.max(l, w.sub(point, radius)), w.min(u, w.add(point, radius)))
}

// loosen adds to what rounding may have moved the point by what so many terms of a
// magnitude may have come to.
func (w *writer) loosen(i interval, magnitude tf.Output, terms int64) tf.Output {
	if i.loose.Op == nil {
		return w.widen(w.scalar(0), magnitude, terms)
	}
	return w.widen(i.loose, magnitude, terms)
}

// largestOf is the largest value of each row of x, in a shape that broadcasts
// to like.
func (w *writer) largestOf(x, like tf.Output) tf.Output {
	rank := like.Shape().NumDimensions()
	if x.Shape().NumDimensions() < 2 || rank < 2 {
		w.s.Errorf("want values [B, …], got shape %v", x.Shape())
		return x
	}
	axes := make([]int32, x.Shape().NumDimensions()-1)
	for i := range axes {
		axes[i] = int32(i + 1)
	}
	most := op.Max(w.s.Op("largest"), x, w.constant(axes))
	shape := append([]int64{-1}, ones(rank-1)...)
	return w.reshape(most, shape...)
}

func ones(n int) []int64 {
	d := make([]int64, n)
	for i := range d {
		d[i] = 1
	}
	return d
}
