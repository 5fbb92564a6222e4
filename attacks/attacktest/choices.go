package attacktest

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// choices turn logits [B,K] into a vote [B,K] for the largest.
var choices = []struct {
	name string
	f    function
}{
	{"argmax", hotArgMax},
	{"the largest logit", func(s *graphs.Scope, z tf.Output) tf.Output {
		top := op.Max(s.Op("max"), z, op.Const(s.Op("axis"), int32(1)), op.MaxKeepDims(true))
		return op.Cast(s.Op("is_top"), op.Equal(s.Op("equal"), z, top), tf.Float)
	}},
	{"the first of a sort", func(s *graphs.Scope, z tf.Output) tf.Output {
		_, places := op.TopKV2(s.Op("sort"), z, op.Const(s.Op("k"), int32(1)))
		return hot(s, z, op.Squeeze(s.Op("first"), places, op.SqueezeAxis([]int64{1})))
	}},
	{"thresholded probabilities", func(s *graphs.Scope, z tf.Output) tf.Output {
		likely := op.GreaterEqual(s.Op("likely"), op.Softmax(s.Op("softmax"), z), scalar(s, .5))
		return op.Cast(s.Op("vote"), likely, tf.Float)
	}},
}

func hotArgMax(s *graphs.Scope, z tf.Output) tf.Output {
	return hot(s, z, op.ArgMax(s.Op("argmax"), z, op.Const(s.Op("axis"), int32(1))))
}

// hot is 1 at the class, 0 elsewhere.
func hot(s *graphs.Scope, z, class tf.Output) tf.Output {
	depth := op.Const(s.Op("depth"), int32(z.Shape().Size(1)))
	return op.OneHot(s.Op("hot"), class, depth, scalar(s, 1), scalar(s, 0))
}
