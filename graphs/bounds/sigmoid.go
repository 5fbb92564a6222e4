package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// sshape is sigmoid or tanh, elementwise: increasing, convex below 0, concave
// above, f(-x) = top - f(x).
type sshape struct {
	tanh bool
}

// sshapeError bounds what TensorFlow's float32 sigmoid and tanh are off by (a
// few units in the last place of 1), and what f minus a tangent can gain
// where its slope is off by as much.
const sshapeError = 4e-6

func (o sshape) value(w *writer, x tf.Output) tf.Output {
	if o.tanh {
		return op.Tanh(w.s.Op("tanh"), x)
	}
	return op.Sigmoid(w.s.Op("sigmoid"), x)
}

// slope is the derivative at x, where the value is y.
func (o sshape) slope(w *writer, y tf.Output) tf.Output {
	if o.tanh {
		return w.sub(w.scalar(1), w.square(y))
	}
	return w.mul(y, w.sub(w.scalar(1), y))
}

func (o sshape) top() float64 {
	if o.tanh {
		return 0
	}
	return 1
}

func (o sshape) interval(w *writer, l, u tf.Output) (tf.Output, tf.Output) {
	lo, hi := o.value(w, l), o.value(w, u)
	if w.on() {
		lo, hi = w.sub(lo, w.scalar(sshapeError)), w.add(hi, w.scalar(sshapeError))
	}
	return lo, hi
}

// relax puts each value between two lines. The lower one is the upper one of
// the mirrored interval: f(x) = top - f(-x).
func (o sshape) relax(w *writer, r relaxation) relaxed {
	l, u := w.expand(r.l), w.expand(r.u)
	upper, upperAt := o.upperLine(w, l, u)
	lower, mirrored := o.upperLine(w, w.neg(u), w.neg(l))
	lowerAt := w.sub(w.scalar(o.top()), mirrored)
	above, below := w.positive(r.a), w.negative(r.a)
	out := relaxed{a: w.add(w.mul(above, lower), w.mul(below, upper))}
	if w.on() {
		upperAt, lowerAt = w.raise(upperAt, upper, l, u), w.neg(w.raise(w.neg(lowerAt), lower, l, u))
		n := r.l.Shape().Size(1)
		size := w.add(w.mul(above, w.abs(lowerAt)), w.mul(w.neg(below), w.abs(upperAt)))
		out.error = w.times(w.rounding.factor(n), w.sum(size, 2))
	}
	out.d = w.sum(w.add(w.mul(above, lowerAt), w.mul(below, upperAt)), 2)
	return out
}

// raise moves an intercept up by what the rounding of the line can come to.
func (w *writer) raise(intercept, slope, l, u tf.Output) tf.Output {
	reach := w.mul(slope, w.add(w.abs(l), w.abs(u)))
	return w.add(intercept, w.add(w.times(w.rounding.factor(slack), w.add(reach, w.abs(intercept))), w.scalar(sshapeError)))
}

// upperLine is the slope and intercept of a line above f on [l,u]: the tangent
// in the middle where f is concave, the chord where it is convex; else the
// tangent that passes through (l, f(l)), or the chord where u lies before the
// point that it would touch. For either slope f minus the line is largest at l,
// at u or where it touches, so that the intercept holds whatever the slope was
// rounded to.
func (o sshape) upperLine(w *writer, l, u tf.Output) (slope, intercept tf.Output) {
	fl, fu, zero := o.value(w, l), o.value(w, u), w.scalar(0)
	chord := w.div(w.sub(fu, fl), w.max(w.sub(u, l), w.scalar(1e-5)))
	mixed := w.mask(zero, l)
	at := w.mix(mixed, w.touch(o, l, u, fl), w.times(.5, w.add(l, u)))
	ft := o.value(w, at)
	concave := w.sub(w.scalar(1), mixed)
	reaches := w.mul(w.mask(u, zero), w.mask(chord, o.slope(w, fu)))
	tangent := w.max(concave, reaches) // 1: the line is a tangent
	slope = w.mix(tangent, o.slope(w, ft), chord)
	ends := w.max(w.sub(fl, w.mul(slope, l)), w.sub(fu, w.mul(slope, u)))
	return slope, w.mix(tangent, w.max(ends, w.sub(ft, w.mul(slope, at))), ends)
}

// touch is the least point of (0,u], of 24 bisections, in which the tangent
// lies above f at l; u where none does. Gradients take it as a constant.
func (w *writer) touch(o sshape, l, u, fl tf.Output) tf.Output {
	lo, hi := w.stop(w.scalar(0)), w.stop(w.positive(u))
	lo = w.mul(hi, lo)
	l, fl = w.stop(l), w.stop(fl)
	for range 24 {
		mid := w.times(.5, w.add(lo, hi))
		fm := o.value(w, mid)
		clears := w.mask(w.add(fm, w.mul(o.slope(w, fm), w.sub(l, mid))), fl)
		lo, hi = w.mix(clears, lo, mid), w.mix(clears, mid, hi)
	}
	return w.stop(hi)
}

// readSigmoid is the rule of Sigmoid, readTanh of Tanh.
func readSigmoid(k *walk, o *tf.Operation, in []value) (*node, error) {
	return k.net.add(o.Name(), sshape{}, in[0].node.dims, in[0].node), nil
}
func readTanh(k *walk, o *tf.Operation, in []value) (*node, error) {
	return k.net.add(o.Name(), sshape{tanh: true}, in[0].node.dims, in[0].node), nil
}
