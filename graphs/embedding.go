package graphs

import tf "github.com/wamuir/graft/tensorflow"

// EmbeddingLayer says how an encoder makes its embedding [B,D] of its features
// [B,F], D being the size of both codes together.
type EmbeddingLayer string

// Embedding layers. Features gives a base CNN the features themselves, D = F,
// and other kinds, whose embedding must hold two codes, a linear layer: so does
// the paper with ResNet-110 (section 3.1). The other two give all kinds the
// same layer, so that their classifiers read embeddings of one size.
const (
	ReluEmbedding   EmbeddingLayer = "relu"   // fully connected, ReLU
	LinearEmbedding EmbeddingLayer = "linear" // fully connected
	Features        EmbeddingLayer = "features"
)

// units is the number of units of the layer for m; 0 is no layer.
func (l EmbeddingLayer) units(m Model) int {
	if l == Features && m.Kind == "base" {
		return 0
	}
	return m.Appearance + m.Geometry
}

// apply adds the layer, in a scope fc, to features x [B,F].
func (l EmbeddingLayer) apply(s *Scope, x tf.Output, units int) tf.Output {
	switch {
	case units == 0:
		return x
	case l == "" || l == ReluEmbedding:
		return Relu{}.Apply(s, Dense{Out: units}.Apply(s.In("fc"), x))
	}
	return Dense{Out: units, Init: GlorotUniform}.Apply(s.In("fc"), x)
}
