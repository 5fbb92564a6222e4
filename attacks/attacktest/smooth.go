package attacktest

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// Smooth is a small network for images [h,w,c] and k classes whose loss is
// neither linear nor convex: a convolution, tanh, a dense layer. Its weights are
// drawn from the net's seed. The hidden layer is its embedding; the halves of it
// are the appearance and the geometric code. Its training loss is cross-entropy
// plus margin.
func Smooth(h, w, c, k int) attacks.Victim {
	hidden := func(s *graphs.Scope, images tf.Output) tf.Output {
		x := graphs.Conv{Out: 4, Kernel: 3}.Apply(s.In("conv"), images)
		return s.Flatten(op.Tanh(s.Op("tanh"), x))
	}
	read := func(s *graphs.Scope, x tf.Output) tf.Output {
		return graphs.Dense{Out: k, Init: graphs.TruncatedNormal(1)}.Apply(s.In("out"), x)
	}
	return attacks.Victim{
		H: h, W: w, C: c, Classes: k,
		Logits: func(s *graphs.Scope, images tf.Output) tf.Output { return read(s, hidden(s, images)) },
		TrainingLoss: func(s *graphs.Scope, images, labels tf.Output) (loss, z tf.Output) {
			z = read(s, hidden(s, images))
			return op.AddV2(s.Op("sum"), graphs.CrossEntropy(s.In("ce"), z, labels), graphs.Margin(s.In("margin"), z, labels)), z
		},
		CodeNames: []attacks.Loss{attacks.Embedding, attacks.Appearance, attacks.Geometry},
		Codes: func(s *graphs.Scope, images tf.Output) (logits tf.Output, codes map[attacks.Loss]tf.Output) {
			x := hidden(s, images)
			half := op.Split(s.Op("halves"), op.Const(s.Op("axis"), int32(1)), x, 2)
			return read(s, x), map[attacks.Loss]tf.Output{attacks.Embedding: x, attacks.Appearance: half[0], attacks.Geometry: half[1]}
		},
	}
}
