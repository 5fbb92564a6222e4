package graphs

import tf "github.com/wamuir/graft/tensorflow"

// Hinton is the baseline CNN of Hinton, Sabour and Frosst 2018 ("Matrix
// capsules with EM routing"), which the paper uses for MNIST, smallNORB and
// FaceScrub: two 5x5 convolutions of 32 and 64 channels, each with ReLU and
// 2x2 max pooling, and a fully connected layer with ReLU. With SAME padding
// it has the 4.2 M parameters that they state for 32x32x2 and 5 classes.
type Hinton struct {
	Layer     EmbeddingLayer `key:"embedding" default:"relu" oneof:"relu linear features" help:"layer between the features and the codes"`
	Embedding int            // units of the fully connected layer; 0 means none
}

func (h Hinton) fit(m Model) Encoder {
	h.Embedding = h.Layer.units(m)
	return h
}
func (Hinton) ownDropout() float32 { return .5 }

// Encode builds the network without dropout and classifier: those belong to
// the head that reads the embedding.
func (h Hinton) Encode(s *Scope, images tf.Output) tf.Output {
	x := images
	for _, l := range []struct {
		name string
		out  int
	}{{"conv1", 32}, {"conv2", 64}} {
		x = Conv{Out: l.out, Kernel: 5}.Apply(s.In(l.name), x)
		x = reluPooled(s, x)
	}
	return h.Layer.apply(s, s.Flatten(x), h.Embedding)
}

// reluPooled is MaxPool of Relu of x. In training ReLU comes after the pooling, with
// a quarter of the values. Values and gradients are the same: ReLU is monotonic, and the
// gradient of a window without a positive value is 0 either way.
func reluPooled(s *Scope, x tf.Output) tf.Output {
	pool := MaxPool{Size: 2}
	if s.trainsOnly() {
		return Relu{}.Apply(s, pool.Apply(s, x))
	}
	return pool.Apply(s, Relu{}.Apply(s, x))
}
