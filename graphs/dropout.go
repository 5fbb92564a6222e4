package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Dropout zeroes each element with probability Rate in training and scales
// the rest by 1/(1-Rate) (Srivastava et al. 2014); in inference it is the
// identity. The mask depends on seed, path and step alone.
type Dropout struct{ Rate float32 }

// Apply drops elements of x.
func (l Dropout) Apply(s *Scope, x tf.Output) tf.Output {
	if !s.Training() || l.Rate == 0 || !s.hasValue(x) {
		return x
	}
	if !(l.Rate >= 0 && l.Rate < 1) {
		s.Errorf("want a dropout rate in [0,1), got %g", l.Rate)
		return tf.Output{}
	}
	u := s.uniform(op.Shape(s.Op("shape"), x))
	keep := op.Cast(s.Op("mask"), op.GreaterEqual(s.Op("keep"), u, op.Const(s.Op("rate"), l.Rate)), tf.Float)
	return op.Mul(s.Op("dropped"), x, op.Mul(s.Op("scaled"), keep, op.Const(s.Op("scale"), 1/(1-l.Rate))))
}
