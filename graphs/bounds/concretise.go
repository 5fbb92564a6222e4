package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// minimum is a lower bound of a·x over the region, for rows a [B,K,n], and what
// its rounding may come to (zero Output where bounds are not widened).
func (w *writer) minimum(a tf.Output, r region) (least, rounding tf.Output) {
	n := a.Shape().Size(2)
	flat := func(x tf.Output) tf.Output { return w.reshape(x, -1, 1, n) }
	l, u := flat(r.lower), flat(r.upper)
	if w.on() {
		size := w.sum(w.mul(w.abs(a), w.max(w.abs(l), w.abs(u))), 2)
		rounding = w.times(2*w.rounding.factor(n), size)
	}
	if r.norm == Linf {
		i := w.fromBounds(l, u)
		least = w.sub(w.dot(a, i.c), w.dot(w.abs(a), i.r))
		if len(r.slopes) > 0 {
			return w.tighterOf(least, rounding, a, r)
		}
		return least, rounding
	}
	p := flat(r.point)
	rising := w.mask(a, w.scalar(0))
	limit := w.mix(rising, w.sub(p, l), w.sub(u, p)) // how far a value can go where a·x falls
	gain := w.steepest(w.abs(a), w.positive(limit), r)
	if w.on() {
		rounding = w.add(rounding, w.times(w.rounding.factor(n), gain))
	}
	return w.sub(w.dot(a, p), gain), rounding
}

// dot is Σ a·x over the last axis: a [B,K,n], x [B,1,n] or [1,1,n] -> [B,K].
func (w *writer) dot(a, x tf.Output) tf.Output {
	n, k := a.Shape().Size(2), a.Shape().Size(1)
	if x.Shape().Size(0) == 1 {
		return w.reshape(op.MatMul(w.s.Op("dot"), w.reshape(a, -1, n), w.reshape(x, n, 1)), -1, k)
	}
	return w.reshape(op.BatchMatMulV2(w.s.Op("dot"), a, w.reshape(x, -1, n, 1)), -1, k)
}

// bisections of the multiplier of a ball's constraint. Any multiplier gives a
// bound, so their number is a matter of tightness alone.
const bisections = 14

// steepest is an upper bound of Σ g·s over 0 <= s <= limit, |s| <= eps in the
// ball's norm, g >= 0: by Lagrange duality, that of
//
//	L1: Σ max(g-λ, 0)·limit + λ·eps
//	L2: Σ max(g·s - λs²/2) + λ·eps²/2, which is largest at s = min(g/λ, limit)
//
// for any λ >= 0. λ = 0 is the box, λ = max g (L1) the ball without the box.
func (w *writer) steepest(g, limit tf.Output, r region) tf.Output {
	eps := w.max(r.eps, w.scalar(1e-12))
	lo, hi := w.scalar(0), w.largestMultiplier(w.stop(g), eps, r.norm)
	lo = w.mul(hi, lo)
	for range bisections {
		mid := w.times(.5, w.add(lo, hi))
		spent := w.spent(w.stop(g), w.stop(limit), mid, r.norm)
		budget := eps
		if r.norm == L2 {
			budget = w.square(eps)
		}
		over := w.stop(w.mask(spent, budget))
		lo, hi = w.mix(over, mid, lo), w.mix(over, hi, mid)
	}
	tight := w.dual(g, limit, eps, w.stop(hi), r.norm)
	box := w.sum(w.mul(g, limit), 2)
	return w.min(w.min(tight, box), w.ballAlone(g, eps, r.norm))
}

// ballAlone is eps times the dual norm of g.
func (w *writer) ballAlone(g, eps tf.Output, n Norm) tf.Output {
	e := w.reshape(eps, -1, 1)
	if n == L1 {
		return w.mul(e, op.Max(w.s.Op("largest"), g, w.constant([]int32{2})))
	}
	return w.mul(e, w.sqrt(w.add(w.sum(w.square(g), 2), w.scalar(1e-30))))
}

// largestMultiplier is the λ of the ball without the box, [B,K,1].
func (w *writer) largestMultiplier(g, eps tf.Output, n Norm) tf.Output {
	if n == L1 {
		return op.Max(w.s.Op("largest"), g, w.constant([]int32{2}), op.MaxKeepDims(true))
	}
	return w.div(w.sqrt(w.sumKeep(w.square(g), 2)), eps)
}

// spent is how much of the ball's budget the best s for a multiplier uses.
func (w *writer) spent(g, limit, lambda tf.Output, n Norm) tf.Output {
	if n == L1 {
		return w.sumKeep(w.mul(w.mask(g, lambda), limit), 2)
	}
	s := w.min(w.div(g, w.max(lambda, w.scalar(1e-30))), limit)
	return w.sumKeep(w.square(s), 2)
}

// dual is the bound that a multiplier [B,K,1] gives.
func (w *writer) dual(g, limit, eps, lambda tf.Output, n Norm) tf.Output {
	if n == L1 {
		rest := w.sum(w.mul(w.positive(w.sub(g, lambda)), limit), 2)
		return w.add(rest, w.sum(w.mul(lambda, eps), 2))
	}
	s := w.min(w.div(g, w.max(lambda, w.scalar(1e-30))), limit)
	half := w.times(.5, lambda)
	rest := w.sum(w.sub(w.mul(g, s), w.mul(half, w.square(s))), 2)
	return w.add(rest, w.sum(w.mul(half, w.square(eps)), 2))
}
