package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// maxpool is the maximum of windows.
type maxpool struct{ window }

func (o maxpool) pool(w *writer, x tf.Output) tf.Output {
	return op.MaxPool(w.s.Op("maxpool"), x, []int64{1, o.rows, o.cols, 1}, o.strides, o.padding)
}

func (o maxpool) interval(w *writer, l, u tf.Output) (tf.Output, tf.Output) {
	return o.pool(w, l), o.pool(w, u)
}

// far is below every value that a network can have; sums with it are finite.
const far = -1e30

// relax bounds the maximum from below by the value with the largest lower
// bound. From above: let j have the largest upper bound and v be the largest of
// the others. max(x) <= max(x_j, v), a convex function of x_j, lies below its
// chord on [l_j,u_j]; where l_j >= v that is x_j itself.
func (o maxpool) relax(w *writer, r relaxation) relaxed {
	image := append([]int64{-1}, o.in...)
	l, u := o.unfold(w, w.reshape(r.l, image...), far), o.unfold(w, w.reshape(r.u, image...), far) // [B,outputs,places,C]
	if r.open.Op != nil {
		open := w.reshape(r.open, -1, o.out[0]*o.out[1], o.places(), o.in[2])
		l, u = w.mix(open, l, w.scalar(far)), w.mix(open, u, w.scalar(far))
	}
	lowest, highest := o.first(w, l), o.first(w, u)
	lj, uj := w.sumKeep(w.mul(highest, l), 2), w.sumKeep(w.mul(highest, u), 2)
	others := w.mix(highest, w.scalar(far), u)
	v := op.Max(w.s.Op("others"), others, w.constant([]int32{2}), op.MaxKeepDims(true))
	foot := w.max(lj, v) // the chord's value at l_j
	slope := w.div(w.sub(uj, foot), w.max(w.sub(uj, lj), w.scalar(1e-30)))
	slope = w.max(slope, w.mask(lj, v)) // exactly 1 where x_j is the maximum
	at := w.mul(w.sub(w.scalar(1), w.mask(lj, v)), w.max(w.sub(foot, w.mul(slope, lj)), w.sub(uj, w.mul(slope, uj))))
	if w.on() {
		size := w.add(w.abs(foot), w.mul(slope, w.add(w.abs(lj), w.abs(uj))))
		at = w.widen(at, size, slack)
	}
	return o.backward(w, r, lowest, w.mul(highest, slope), at)
}

// backward puts together what relax has found: weights of the lower and the
// upper lines, [B,outputs,places,C], and the upper intercepts [B,outputs,1,C].
func (o maxpool) backward(w *writer, r relaxation, lower, upper, at tf.Output) relaxed {
	k, c, outs := r.a.Shape().Size(1), o.in[2], o.out[0]*o.out[1]
	a := w.reshape(r.a, -1, k, outs, 1, c)
	above, below := w.positive(a), w.negative(a)
	each := func(x tf.Output, places int64) tf.Output { return w.reshape(x, -1, 1, outs, places, c) }
	coefficients := w.add(w.mul(above, each(lower, o.places())), w.mul(below, each(upper, o.places())))
	image := o.fold(w, w.reshape(coefficients, -1, outs, o.places(), c))
	d := w.sum(w.mul(below, each(at, 1)), 2, 3, 4)
	out := relaxed{a: w.reshape(image, -1, k, product(o.in)), d: d}
	if w.on() {
		size := w.sum(w.mul(w.neg(below), w.abs(each(at, 1))), 2, 3, 4)
		out.error = w.times(w.rounding.factor(outs*c), size)
		if o.overlaps() {
			sums := o.fold(w, w.reshape(w.abs(coefficients), -1, outs, o.places(), c))
			out.terms, out.sums = o.places(), w.reshape(sums, -1, k, product(o.in))
		}
	}
	return out
}

// first marks the first largest of the places, [B,outputs,places,C].
func (o maxpool) first(w *writer, x tf.Output) tf.Output {
	best := op.ArgMax(w.s.Op("best"), x, w.constant(int32(2)))
	return op.OneHot(w.s.Op("mark"), best, w.constant(int32(o.places())), w.scalar(1), w.scalar(0), op.OneHotAxis(2))
}

// readMaxPool is the rule of MaxPool.
func readMaxPool(k *walk, o *tf.Operation, in []value) (*node, error) {
	x := in[0].node
	p, err := k.readWindow(o, x)
	if err != nil {
		return nil, err
	}
	if p.places() == 1 {
		return nil, refuse("a window of one value")
	}
	return k.net.add(o.Name(), maxpool{p}, p.out, x), nil
}
