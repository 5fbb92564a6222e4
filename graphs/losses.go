package graphs

import (
	"cmp"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Loss is a classification loss: logits [B,K] and labels int32 [B] in 0..K-1
// give a number for each image, [B].
type Loss interface {
	PerImage(s *Scope, logits, labels tf.Output) tf.Output
}

// LossFunc makes a [Loss] of a function such as [Margin] or [DLR].
type LossFunc func(s *Scope, logits, labels tf.Output) tf.Output

// PerImage calls f.
func (f LossFunc) PerImage(s *Scope, logits, labels tf.Output) tf.Output { return f(s, logits, labels) }

// SoftmaxCrossEntropy is the cross-entropy of softmax(logits/Temperature), in
// nats: the loss that models are trained with.
type SoftmaxCrossEntropy struct {
	Temperature float32 // 0 means 1
	// Smoothing is the share in [0,1) of the target that is spread evenly over all
	// classes (label smoothing; Szegedy et al. 2016, section 7).
	Smoothing float32
}

// PerImage is the loss with labels.
func (l SoftmaxCrossEntropy) PerImage(s *Scope, logits, labels tf.Output) tf.Output {
	return softCrossEntropy(s, l.cool(s, "cooled", logits), labels, l.Smoothing)
}

// FromTeacher is the loss with softmax(teacher/Temperature) in place of labels:
// distillation (Hinton, Vinyals and Dean 2015). logits and teacher are [B,K],
// and no gradient is wanted with respect to teacher. The gradient with respect
// to the logits is (softmax(logits/Temperature) - target)/Temperature.
func (l SoftmaxCrossEntropy) FromTeacher(s *Scope, logits, teacher tf.Output) tf.Output {
	if _, ok := s.Dims(logits, 2, "logits [batch, classes]"); !ok {
		return tf.Output{}
	}
	if _, ok := s.Dims(teacher, 2, "a teacher's logits [batch, classes]"); !ok {
		return tf.Output{}
	}
	target := op.Softmax(s.Op("target"), l.cool(s, "teacher", teacher))
	loss, _ := op.SoftmaxCrossEntropyWithLogits(s.Op("distilled"), l.cool(s, "cooled", logits), target)
	return loss
}

// cool divides logits by the temperature.
func (l SoftmaxCrossEntropy) cool(s *Scope, name string, logits tf.Output) tf.Output {
	if t := cmp.Or(l.Temperature, 1); t != 1 && s.hasValue(logits) {
		return op.Div(s.Op(name), logits, op.Const(s.Op("temperature"), t))
	}
	return logits
}

// CrossEntropy is the softmax cross-entropy of each example: logits [B,K],
// labels int32 [B] in 0..K-1 -> [B], in nats.
func CrossEntropy(s *Scope, logits, labels tf.Output) tf.Output {
	return softCrossEntropy(s, logits, labels, 0)
}

// softCrossEntropy is the cross-entropy with a share of the target spread evenly.
func softCrossEntropy(s *Scope, logits, labels tf.Output, spread float32) tf.Output {
	hot, ok := smoothOneHot(s, logits, labels, spread)
	if !ok {
		return tf.Output{}
	}
	loss, _ := op.SoftmaxCrossEntropyWithLogits(s.Op("cross_entropy"), logits, hot)
	return loss
}

// belowAny is what is taken from a logit so that it is below any other.
const belowAny = 1e38

// Margin is max over other classes of their logit, minus the true class's:
// [B,K], [B] -> [B]. It is positive where the example is misclassified, and
// its gradient does not vanish where softmax saturates (Carlini and Wagner
// 2017, eq. f6 without the clip).
func Margin(s *Scope, logits, labels tf.Output) tf.Output {
	truth, others := splitLogits(s, logits, labels)
	if !s.OK() {
		return tf.Output{}
	}
	return op.Sub(s.Op("margin"), op.Max(s.Op("best"), others, op.Const(s.Op("axis"), int32(1))), truth)
}

// splitLogits are the logits of the labels, [B], and all others, [B,K], in which
// those of the labels are below any.
func splitLogits(s *Scope, logits, labels tf.Output) (truth, others tf.Output) {
	hot, ok := oneHot(s, logits, labels)
	if !ok {
		return truth, others
	}
	truth = op.Sum(s.Op("true"), op.Mul(s.Op("pick"), logits, hot), op.Const(s.Op("axis"), int32(1)))
	return truth, op.Sub(s.Op("others"), logits, op.Mul(s.Op("mask"), hot, op.Const(s.Op("far"), float32(belowAny))))
}

func oneHot(s *Scope, logits, labels tf.Output) (tf.Output, bool) {
	return smoothOneHot(s, logits, labels, 0)
}

// smoothOneHot is 1-spread at the label, and spread/K everywhere besides.
func smoothOneHot(s *Scope, logits, labels tf.Output, spread float32) (tf.Output, bool) {
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
	off := spread / float32(d[1])
	return op.OneHot(s.Op("one_hot"), labels, op.Const(s.Op("classes"), int32(d[1])), op.Const(s.Op("on"), 1-spread+off), op.Const(s.Op("off"), off)), true
}
