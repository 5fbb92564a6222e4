package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// backward writes the gradients of a value with respect to what it is computed from,
// given a gradient with respect to the value.
type backward func(s *Scope, gradient tf.Output) []tf.Output

// customGradient is a value whose gradient a layer writes itself, in place of that which
// TensorFlow derives op by op.
type customGradient struct {
	value  tf.Output
	inputs []tf.Output // read by nothing else
	backward
}

// customGradient is the value that compute makes of inputs, with a gradient of its own for
// [Gradients]. For TensorFlow and other programs it has none: it is for passes that are
// never exported.
func (s *Scope) customGradient(inputs []tf.Output, compute func(inputs []tf.Output) (tf.Output, backward)) tf.Output {
	own := make([]tf.Output, len(inputs))
	for i, x := range inputs {
		if !s.hasValue(x) {
			return tf.Output{}
		}
		// What has other readers would lose their gradients in gradientsThrough.
		own[i] = op.Identity(s.Op("own_input"), x)
	}
	value, back := compute(own)
	if !s.hasValue(value) {
		return tf.Output{}
	}
	value = op.StopGradient(s.Op("own_gradient"), value)
	if s.OK() {
		s.b.customGradients[value.Op.Name()] = customGradient{value, own, back}
	}
	return value
}

// gradientsThrough adds the gradients of the sum of y with respect to xs through values
// with custom gradients, of which each comes after those that it is computed from.
func gradientsThrough(s *Scope, y tf.Output, xs []tf.Output, custom []customGradient) []tf.Output {
	ys := []tf.Output{op.Identity(s.Op("whole"), y)} // y may have a custom gradient
	dys := []tf.Output{op.OnesLike(s.Op("ones"), y)}
	for i := len(custom) - 1; i >= 0 && s.OK(); i-- {
		c := custom[i]
		dy := op.Gradients(s.Op("gradients"), ys, []tf.Output{c.value}, dys...)
		if s.OK() && exists(dy[0]) {
			ys = append(ys, c.inputs...)
			dys = append(dys, c.backward(s, dy[0])...)
		}
	}
	if !s.OK() {
		return nil
	}
	return op.Gradients(s.Op("gradients"), ys, xs, dys...)
}

// exists is false for the gradient where there is no differentiable path.
func exists(gradient tf.Output) bool { return gradient.Op != nil && gradient.Index >= 0 }
