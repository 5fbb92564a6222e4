package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Layer maps a batch to a batch. Layers are plain values with useful zero
// fields; the scope gives them their name and their variables.
type Layer interface {
	Apply(s *Scope, x tf.Output) tf.Output
}

// Reshape keeps the batch and gives each example the shape dims.
func (s *Scope) Reshape(x tf.Output, dims ...int64) tf.Output {
	if !s.hasValue(x) {
		return tf.Output{}
	}
	return op.Reshape(s.Op("reshape"), x, op.Const(s.Op("dims"), append([]int64{-1}, dims...)))
}

// Flatten reshapes [B,...] to [B,D]; the sizes after the batch must be known.
func (s *Scope) Flatten(x tf.Output) tf.Output {
	if !s.hasValue(x) {
		return tf.Output{}
	}
	sh := x.Shape()
	known, n := sh.NumDimensions() > 0, int64(1)
	for i := 1; i < sh.NumDimensions(); i++ {
		known = known && sh.Size(i) > 0
		n *= sh.Size(i)
	}
	if !known {
		s.Errorf("want a batch with known sizes after it, got shape %v", sh)
		return tf.Output{}
	}
	return s.Reshape(x, n)
}

func (s *Scope) addBias(y tf.Output, out int64, none bool) tf.Output {
	if none {
		return y
	}
	return op.BiasAdd(s.Op("bias"), y, s.Variable("bias", Trainable, Zeros, out))
}

func (i Initializer) orDefault(def Initializer) Initializer {
	if i.make == nil {
		return def
	}
	return i
}
