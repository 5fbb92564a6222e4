package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Dense is a fully connected layer, [B,D] -> [B,Out].
type Dense struct {
	Out  int
	Init Initializer // zero value: HeNormal (Keras: Glorot uniform)
}

// Apply multiplies x by the kernel and adds the bias.
func (l Dense) Apply(s *Scope, x tf.Output) tf.Output {
	d, ok := s.Dims(x, 2, "[batch, features] with known features")
	if !ok {
		return tf.Output{}
	}
	if d[1] < 1 || l.Out < 1 {
		s.Errorf("want known features and positive Out, got input %v, Out %d", d, l.Out)
		return tf.Output{}
	}
	w := s.Variable("kernel", Trainable, l.Init.orDefault(HeNormal), d[1], int64(l.Out))
	return s.addBias(op.MatMul(s.Op("matmul"), x, w), int64(l.Out), false)
}
