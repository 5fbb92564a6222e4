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
	return s.addBias(multiply(s, x, w), int64(l.Out), false)
}

// multiply is x [B,D] times w [D,Out]. In training the gradient g with respect to x is
// (w·gᵀ)ᵀ in place of TensorFlow's g·wᵀ, for which oneDNN would rearrange w, by far the
// largest of the three, at each step.
func multiply(s *Scope, x, w tf.Output) tf.Output {
	if !s.trainsOnly() {
		return op.MatMul(s.Op("matmul"), x, w)
	}
	return s.customGradient([]tf.Output{x, w}, func(in []tf.Output) (tf.Output, backward) {
		x, w := in[0], in[1]
		return op.MatMul(s.Op("matmul"), x, w), func(s *Scope, g tf.Output) []tf.Output {
			ofX := op.MatMul(s.Op("of_x_transposed"), w, g, op.MatMulTransposeB(true))
			ofX = op.Transpose(s.Op("of_x"), ofX, op.Const(s.Op("swapped"), []int32{1, 0}))
			return []tf.Output{ofX, op.MatMul(s.Op("of_kernel"), x, g, op.MatMulTransposeA(true))}
		}
	})
}
