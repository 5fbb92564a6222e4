package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// DeadEmbedding is the embedding spread below which all images of a batch have
// nearly the same embedding. In forty trainings that learnt, of digits, faces, toys and
// CIFAR-10, it never fell below .29.
const DeadEmbedding = 1e-2

// embeddingSpread is how much the embeddings [B,D] of a batch differ, in [0,1]:
// the root of their variance over the batch, averaged over the units, divided by
// their root mean square. 0 means that all are equal, or zero.
func embeddingSpread(s *graphs.Scope, embedding tf.Output) tf.Output {
	if _, ok := s.Dims(embedding, 2, "an embedding [B,D]"); !ok {
		return tf.Output{}
	}
	x := op.StopGradient(s.Op("embedding"), embedding)
	centred := op.Sub(s.Op("centred"), x, op.Mean(s.Op("mean"), x, op.Const(s.Op("batch"), int32(0)), op.MeanKeepDims(true)))
	meanSquare := func(name string, y tf.Output) tf.Output {
		return op.Mean(s.Op(name), op.Square(s.Op(name+"_squares"), y), op.Const(s.Op(name+"_axes"), []int32{0, 1}))
	}
	tiny := op.Const(s.Op("tiny"), float32(leastSquare))
	return op.Sqrt(s.Op("spread"), op.Div(s.Op("share"), meanSquare("variance", centred), op.AddV2(s.Op("floored"), meanSquare("power", x), tiny)))
}

// leastSquare keeps the spread of embeddings of zeros at 0.
const leastSquare = 1e-20
