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
// for two classes, of which it is the second's, of probabilities the logarithm is taken,
// and the number of a class becomes a logit for that class and 0 for others.
func logits(s *graphs.Scope, sign Signature, f graphs.FileEncoder, x tf.Output) tf.Output {
	d, ok := s.Dims(x, 2, "scores [B,K] at the end of the network: name another output with --scores (scores= in model.encoder)")
	if !ok {
		return tf.Output{}
	}
	if sign.End == Number {
		if d[1] > 1 {
			s.Errorf("want the number of one class for each image at the end of the network, got %d numbers: name another output with --scores (scores= in model.encoder)", d[1])
			return tf.Output{}
		}
		return ofNumber(s, x, f.Classes)
	}
	probabilities := f.Ends == endsProbabilities && sign.End == Linear
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

// sure is the logit of a class of which nothing but its number is known: a probability of 1.
const sure = 30

// ofNumber are logits of which that of class x [B,1] is above 0. A number that is no class
// of them gives a tie, which counts as an error.
func ofNumber(s *graphs.Scope, x tf.Output, classes int) tf.Output {
	if classes < 2 {
		s.Errorf("want the number of classes with classes= in model.encoder, since the output of the network is the number of one, got %d", classes)
		return tf.Output{}
	}
	in := s.In("number")
	number := op.Cast(in.Op("whole"), op.Squeeze(in.Op("flat"), x, op.SqueezeAxis([]int64{1})), tf.Int32)
	return op.OneHot(in.Op("class"), number, op.Const(in.Op("classes"), int32(classes)), op.Const(in.Op("sure"), float32(sure)), op.Const(in.Op("zero"), float32(0)))
}

// log is the logarithm of probabilities, finite at 0.
func log(s *graphs.Scope, name string, p tf.Output) tf.Output {
	const least = 1e-30
	in := s.In(name)
	return op.Log(in.Op("log"), op.Maximum(in.Op("floored"), p, op.Const(in.Op("least"), float32(least))))
}

// Classes is the number of classes that k scores stand for.
func Classes(k int) int { return max(k, 2) }
