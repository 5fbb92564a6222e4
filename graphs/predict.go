package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Predict is the predicted class of each image, as far as it matters for its
// label: the label where its logit is strictly the largest, else the class of the
// largest other one. tied tells where the label shares the largest logit: a tie
// is an error. Logits [B,K], labels int32 [B] -> int32 [B], bool [B].
func Predict(s *Scope, logits, labels tf.Output) (class, tied tf.Output) {
	truth, others := splitLogits(s, logits, labels)
	if !s.OK() {
		return tf.Output{}, tf.Output{}
	}
	axis := op.Const(s.Op("axis"), int32(1))
	best := op.Max(s.Op("best"), others, axis)
	rival := op.ArgMax(s.Op("rival"), others, axis, op.ArgMaxOutputType(tf.Int32))
	class = op.Select(s.Op("class"), op.Greater(s.Op("correct"), truth, best), labels, rival)
	return class, op.Equal(s.Op("tied"), truth, best)
}
