package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// batchAccuracy is the share of rows whose label has the largest logit, from logits
// [B,K] and labels int32 [B], in [0,1]. Of equal logits the first counts. With mixup
// each of the two labels of a row counts by its share, as in the loss.
func batchAccuracy(s *graphs.Scope, logits, labels tf.Output, mixed mixedLabels) tf.Output {
	if _, ok := s.Dims(logits, 2, "logits [B,K]"); !ok {
		return tf.Output{}
	}
	class := op.ArgMax(s.Op("class"), op.StopGradient(s.Op("logits"), logits), op.Const(s.Op("axis"), int32(1)), op.ArgMaxOutputType(tf.Int32))
	right := func(s *graphs.Scope, labels tf.Output) tf.Output {
		return op.Cast(s.Op("right"), op.Equal(s.Op("equal"), class, labels), tf.Float)
	}
	return graphs.Mean(s, mixed.join(s, right(s, labels), right))
}
