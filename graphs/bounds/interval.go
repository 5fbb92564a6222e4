package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// interval is a set of values: centre and radius, in the shape of their node.
// Within a ball that is not a box, point and reach are kept up to the first
// weights: the values lie in point + reach·δ, δ in the unit ball.
type interval struct {
	c, r         tf.Output
	point, reach tf.Output
	norm         Norm        // of δ
	loose        tf.Output   // what rounding may have moved point by; zero Output for nothing
	slopes       []tf.Output // of a path, see propagatePath
}

// fromBounds is the interval between l and u.
func (w *writer) fromBounds(l, u tf.Output) interval {
	c, r := w.times(.5, w.add(l, u)), w.times(.5, w.sub(u, l))
	if w.on() {
		r = w.widen(r, w.add(w.abs(l), w.abs(u)), 0)
	}
	return interval{c: c, r: r}
}

// bounds are the ends of an interval.
func (w *writer) bounds(i interval) (l, u tf.Output) {
	r := i.r
	if w.on() {
		r = w.widen(r, w.add(w.abs(i.c), i.r), 0)
	}
	return w.sub(i.c, r), w.add(i.c, r)
}

// propagate bounds a node, given those of its inputs (interval bound
// propagation, Gowal et al. 2018, arXiv 1810.12715, eq. 6).
func (w *writer) propagate(n *node, in []interval) interval {
	switch o := n.op.(type) {
	case linear:
		return w.propagateLinear(o, in)
	case *shift:
		return o.propagate(w, in[0])
	case activation:
		l, u := w.bounds(in[0])
		out := w.fromBounds(o.interval(w, l, u))
		if a, ok := o.(along); ok && hasPath(in) {
			return w.withPath(out, a.along(w, in[0], l, u))
		}
		return out
	}
	w.s.Errorf("node %q: want an operator, got %T", n.name, n.op)
	return interval{}
}

// propagateLinear is c' = W·c, r' = |W|·r. What rounding adds is bounded by a
// multiple of |W|·(|c|+r), which is the same product with another r.
func (w *writer) propagateLinear(o linear, in []interval) interval {
	var cs, rs []tf.Output
	terms, _ := o.terms()
	for _, i := range in {
		r := i.r
		if w.on() && terms > 0 {
			r = w.widen(r, w.add(w.abs(i.c), i.r), terms)
		}
		cs, rs = append(cs, i.c), append(rs, r)
	}
	out := interval{c: o.apply(w, cs, signed), r: o.apply(w, rs, absolute)}
	if hasPath(in) {
		return w.propagatePath(o, in, out)
	}
	if len(in) == 1 && in[0].point.Op != nil && len(in[0].slopes) == 0 {
		return w.propagateBall(o, in[0], out)
	}
	return out
}

// magnitude bounds the absolute values of a node, and of all partial sums that
// make it, given those of its inputs.
func (w *writer) magnitude(n *node, in []tf.Output) tf.Output {
	switch o := n.op.(type) {
	case linear:
		return o.apply(w, in, absolute)
	case *shift:
		return w.add(in[0], o.magnitude(w))
	}
	w.s.Errorf("node %q: want a linear operator, got %T", n.name, n.op)
	return tf.Output{}
}
