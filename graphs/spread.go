package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// SpreadLoss is the spread loss of capsules (Hinton, Sabour and Frosst 2018, eq.
// 3): the sum over all other classes i of max(0, m - (a_t - a_i))², where a is the
// logistic function of the logits, t the label's class and the scalar m the margin
// in (0,1). logits [B,K], labels int32 [B] -> [B].
func SpreadLoss(s *Scope, logits, labels, margin tf.Output) tf.Output {
	hot, ok := oneHot(s, logits, labels)
	if !ok || !s.hasValue(margin) {
		return tf.Output{}
	}
	last := op.Const(s.Op("axis"), int32(1))
	active := op.Sigmoid(s.Op("active"), logits)
	truth := op.Sum(s.Op("true"), op.Mul(s.Op("pick"), active, hot), last, op.SumKeepDims(true))
	short := op.Sub(s.Op("short"), margin, op.Sub(s.Op("lead"), truth, active))
	squares := op.Square(s.Op("squares"), op.Relu(s.Op("positive"), short))
	others := op.Sub(s.Op("others"), op.Const(s.Op("one"), float32(1)), hot)
	return op.Sum(s.Op("spread"), op.Mul(s.Op("but_label"), squares, others), last)
}
