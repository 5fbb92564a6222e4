package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Relu is max(0,x); its gradient is 1 where x > 0 and 0 elsewhere, at 0 too. In
// a pass that is twice differentiable it is x times a mask of zeros and ones: the
// same numbers, and half the time of LeakyRelu of slope 0, whose gradient has a
// gradient too but which TensorFlow's graph optimizer handles badly.
type Relu struct{}

// Apply rectifies x, which may have any shape.
func (Relu) Apply(s *Scope, x tf.Output) tf.Output {
	if !s.hasValue(x) {
		return tf.Output{}
	}
	if s.TwiceDifferentiable() {
		open := op.Greater(s.Op("open"), x, op.Const(s.Op("zero"), float32(0)))
		return op.Mul(s.Op("relu"), x, op.Cast(s.Op("mask"), open, tf.Float))
	}
	return op.Relu(s.Op("relu"), x)
}
