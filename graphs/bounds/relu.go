package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// Slopes says which lower lines through 0 unstable ReLUs get: any slope in
// [0,1] is sound.
type Slopes string

// Policies of slopes: Adaptive is 1 where u > -l, else 0 (CROWN, Zhang et al.
// 2018, section 3.2); Zero and One are constant; Parallel is that of the upper
// line (Fast-Lin, Weng et al. 2018).
const (
	Adaptive Slopes = "adaptive"
	Zero     Slopes = "zero"
	One      Slopes = "one"
	Parallel Slopes = "parallel"
)

// relu is max(0,x), elementwise.
type relu struct{}

func (relu) interval(w *writer, l, u tf.Output) (tf.Output, tf.Output) {
	return w.positive(l), w.positive(u)
}

// relax is the triangle of an unstable ReLU: above its chord, below a line
// through 0. A stable one is itself.
func (relu) relax(w *writer, r relaxation) relaxed {
	up, low := w.expand(w.positive(r.u)), w.expand(w.negative(r.l)) // [B,1,n]; max(u,0), min(l,0)
	chord, intercept := w.chord(up, low)
	above, below := w.positive(r.a), w.negative(r.a) // of the coefficients
	out := relaxed{a: w.add(w.mul(above, w.lowerSlopes(r, up, low, chord)), w.mul(below, chord))}
	out.d = w.dot(below, intercept)
	if w.on() {
		n := r.l.Shape().Size(1)
		out.error = w.times(w.rounding.factor(n), w.abs(out.d))
	}
	return out
}

// chord is the slope and the intercept of the upper line of a ReLU, given
// max(u,0) and min(l,0).
func (w *writer) chord(up, low tf.Output) (slope, intercept tf.Output) {
	slope = w.div(up, w.max(w.sub(up, low), w.scalar(1e-30)))
	intercept = w.neg(w.mul(slope, low))
	if w.on() {
		// The slope is rounded; a line of any slope in [0,1] bounds the ReLU that
		// lies above it at both ends.
		intercept = w.max(intercept, w.mul(w.sub(w.scalar(1), slope), up))
		intercept = w.times(1+8*float64(w.rounding), intercept)
	}
	return slope, intercept
}

// lowerSlopes are the slopes of the lower lines: 1 where up > 0 = low, 0 where up = 0.
func (w *writer) lowerSlopes(r relaxation, up, low, chord tf.Output) tf.Output {
	zero := w.scalar(0)
	if r.slopes.Op != nil {
		inactive := w.mask(up, zero)                            // 0: slope 0
		unstable := w.mul(inactive, w.mask(zero, low))          // 1: the slope that was given
		active := w.mul(inactive, w.sub(w.scalar(1), unstable)) // 1: slope 1
		given := w.min(w.max(r.slopes, zero), w.scalar(1))      // at 0 and 1 with a gradient
		return w.add(w.mul(unstable, given), active)
	}
	switch r.policy {
	case Zero:
		return w.mul(w.mask(up, zero), w.sub(w.scalar(1), w.mask(zero, low)))
	case One:
		return w.mask(up, zero)
	case Parallel:
		return chord
	}
	return w.mask(up, w.neg(low))
}

// expand gives [B,n] the shape [B,1,n].
func (w *writer) expand(x tf.Output) tf.Output {
	return w.reshape(x, -1, 1, x.Shape().Size(1))
}

// readRelu is the rule of Relu.
func readRelu(k *walk, o *tf.Operation, in []value) (*node, error) {
	return k.addRelu(o.Name(), in[0].node), nil
}

func (k *walk) addRelu(name string, x *node) *node { return k.net.add(name, relu{}, x.dims, x) }
