package imported

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Values of [graphs.FileEncoder].Ends.
const (
	endsLogits        = "logits"
	endsProbabilities = "probabilities"
)

// logits makes scores [B,K] of a network logits [B,classes]: a single score stands
// for two classes, of which it is the second's, and of probabilities the logarithm
// is taken.
func logits(s *graphs.Scope, sign Signature, ends string, x tf.Output) tf.Output {
	d, ok := s.Dims(x, 2, "scores [B,K] at the end of the network: name another output with --scores (scores= in model.encoder)")
	if !ok {
		return tf.Output{}
	}
	probabilities := ends == endsProbabilities && sign.End == Linear
	if d[1] == 1 {
		return ofTwo(s, x, probabilities)
	}
	if probabilities {
		return log(s, "probabilities", x)
	}
	return x
}

// ofTwo are the logits of two classes of which x [B,1] is the score of the second.
func ofTwo(s *graphs.Scope, x tf.Output, probability bool) tf.Output {
	first := op.ZerosLike(s.Op("first"), x)
	if probability {
		first = log(s, "of_first", op.Sub(s.Op("other"), op.Const(s.Op("one"), float32(1)), x))
		x = log(s, "of_second", x)
	}
	return op.ConcatV2(s.Op("two"), []tf.Output{first, x}, op.Const(s.Op("axis"), int32(1)))
}

// log is the logarithm of probabilities, finite at 0.
func log(s *graphs.Scope, name string, p tf.Output) tf.Output {
	const least = 1e-30
	in := s.In(name)
	return op.Log(in.Op("log"), op.Maximum(in.Op("floored"), p, op.Const(in.Op("least"), float32(least))))
}

// Classes is the number of classes that k scores stand for.
func Classes(k int) int { return max(k, 2) }
