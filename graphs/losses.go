package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// CrossEntropy is the softmax cross-entropy of each example: logits [B,K],
// labels int32 [B] in 0..K-1 -> [B], in nats.
func CrossEntropy(s *Scope, logits, labels tf.Output) tf.Output {
	hot, ok := oneHot(s, logits, labels)
	if !ok {
		return tf.Output{}
	}
	loss, _ := op.SoftmaxCrossEntropyWithLogits(s.Op("cross_entropy"), logits, hot)
	return loss
}

// Margin is max over other classes of their logit, minus the true class's:
// [B,K], [B] -> [B]. It is positive where the example is misclassified, and
// its gradient does not vanish where softmax saturates (Carlini and Wagner
// 2017, eq. f6 without the clip).
func Margin(s *Scope, logits, labels tf.Output) tf.Output {
	hot, ok := oneHot(s, logits, labels)
	if !ok {
		return tf.Output{}
	}
	axis := op.Const(s.Op("axis"), int32(1))
	truth := op.Sum(s.Op("true"), op.Mul(s.Op("pick"), logits, hot), axis)
	// 1e9 below any logit: the true class is never the best other.
	others := op.Sub(s.Op("others"), logits, op.Mul(s.Op("mask"), hot, op.Const(s.Op("far"), float32(1e9))))
	return op.Sub(s.Op("margin"), op.Max(s.Op("best"), others, axis), truth)
}

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
	if !s.has(a) || !s.has(b) {
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

// Mean averages a vector [B] to a scalar.
func Mean(s *Scope, x tf.Output) tf.Output {
	if _, ok := s.Dims(x, 1, "a vector [batch]"); !ok {
		return tf.Output{}
	}
	return op.Mean(s.Op("mean"), x, op.Const(s.Op("axis"), int32(0)))
}

// Weighted is w·x.
func Weighted(s *Scope, w float32, x tf.Output) tf.Output {
	if !s.has(x) {
		return tf.Output{}
	}
	return op.Mul(s.Op("weighted"), op.Const(s.Op("weight"), w), x)
}

func oneHot(s *Scope, logits, labels tf.Output) (tf.Output, bool) {
	d, ok := s.Dims(logits, 2, "logits [batch, classes]")
	if !ok {
		return tf.Output{}, false
	}
	if _, ok := s.Dims(labels, 1, "labels [batch]"); !ok {
		return tf.Output{}, false
	}
	if d[1] < 2 {
		s.Errorf("want logits of at least 2 classes, got shape %v", d)
		return tf.Output{}, false
	}
	return op.OneHot(s.Op("one_hot"), labels, op.Const(s.Op("classes"), int32(d[1])), op.Const(s.Op("on"), float32(1)), op.Const(s.Op("off"), float32(0))), true
}
