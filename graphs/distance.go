package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Norm says how a difference of images becomes one number per image.
type Norm string

// Norms of the reconstruction error. Frobenius is the paper's word in eq. 5,
// sqrt(sum of squares); SSE leaves out the root, MSE also averages, L1 sums
// absolute values.
const (
	Frobenius Norm = "frobenius"
	SSE       Norm = "sse"
	MSE       Norm = "mse"
	L1        Norm = "l1"
)

// rootFloor keeps the gradient of a root finite at zero.
const rootFloor = 1e-12

// Distance is the norm of a-b of each example: any shape [B,...] -> [B].
func Distance(s *Scope, a, b tf.Output, n Norm) tf.Output {
	if !s.hasValue(a) || !s.hasValue(b) {
		return tf.Output{}
	}
	if !sameShape(a, b) {
		s.Errorf("want two values of one shape, got %v and %v", a.Shape(), b.Shape())
		return tf.Output{}
	}
	d := s.Flatten(op.Sub(s.Op("difference"), a, b))
	axis := op.Const(s.Op("axis"), int32(1))
	switch n {
	case "", Frobenius:
		sum := op.Sum(s.Op("sum"), op.Square(s.Op("square"), d), axis)
		return op.Sqrt(s.Op("root"), op.AddV2(s.Op("floor"), sum, op.Const(s.Op("epsilon"), float32(rootFloor))))
	case SSE:
		return op.Sum(s.Op("sum"), op.Square(s.Op("square"), d), axis)
	case MSE:
		return op.Mean(s.Op("mean"), op.Square(s.Op("square"), d), axis)
	case L1:
		return op.Sum(s.Op("sum"), op.Abs(s.Op("abs"), d), axis)
	}
	s.Errorf("norm: want frobenius, sse, mse or l1, got %q", n)
	return tf.Output{}
}

// sameShape is false where a and b differ in rank or in a known size after the
// batch: TensorFlow would broadcast one of them.
func sameShape(a, b tf.Output) bool {
	x, y := a.Shape(), b.Shape()
	if x.NumDimensions() != y.NumDimensions() {
		return false
	}
	for i := 1; i < x.NumDimensions(); i++ {
		if n, m := x.Size(i), y.Size(i); n >= 0 && m >= 0 && n != m {
			return false
		}
	}
	return true
}
