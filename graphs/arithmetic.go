package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Mean averages a vector [B] to a scalar.
func Mean(s *Scope, x tf.Output) tf.Output {
	if _, ok := s.Dims(x, 1, "a vector [batch]"); !ok {
		return tf.Output{}
	}
	return op.Mean(s.Op("mean"), x, op.Const(s.Op("axis"), int32(0)))
}

// Weighted is w·x.
func Weighted(s *Scope, w float32, x tf.Output) tf.Output {
	if !s.hasValue(x) {
		return tf.Output{}
	}
	return op.Mul(s.Op("weighted"), op.Const(s.Op("weight"), w), x)
}
