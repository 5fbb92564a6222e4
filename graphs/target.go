package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Target is what the reconstruction is compared with. Neither holds the noise
// and jitter of [Disentangled], which the encoder alone sees.
type Target string

// Targets. The decoder of ImageTarget ends in a sigmoid. NormalisedTarget is the
// output of the first layer, which the paper's "all data are normalised" may
// mean; its decoder ends linearly, since normalised images leave [0,1].
const (
	ImageTarget      Target = "image"
	NormalisedTarget Target = "normalised"
)

// moments are what a normalisation subtracted and what it divided by, each
// broadcast against images [B,H,W,C].
type moments struct{ mean, deviation tf.Output }

// undo maps normalised images back to those that they were made of.
func (m moments) undo(s *Scope, x tf.Output) tf.Output {
	if !s.hasValue(x) {
		return tf.Output{}
	}
	return op.AddV2(s.Op("shifted"), op.Mul(s.Op("stretched"), x, m.deviation), m.mean)
}

// TargetOf is what the reconstruction of images [B,H,W,C] in [0,1] is compared
// with.
func (m Disentangled) TargetOf(s *Scope, images tf.Output) tf.Output {
	if m.Target != NormalisedTarget {
		return images
	}
	x, _ := m.Normalise.apply(s.In("target"), images)
	return x
}

// Compare sets what eq. 5 compares, for a forward pass whose reconstruction was
// read from elsewhere than the model's decoders.
func (m Disentangled) Compare(s *Scope, f *Forward) {
	if f.Reconstruction.Op == nil || !s.OK() {
		return
	}
	f.Target, f.Rebuilt = f.Images, f.Reconstruction
	if m.Target != NormalisedTarget {
		return
	}
	var back moments
	if f.Target, back = m.Normalise.apply(s.In("target"), f.Images); s.OK() {
		f.Rebuilt = op.Div(s.Op("rebuilt"), op.Sub(s.Op("centred"), f.Reconstruction, back.mean), back.deviation)
	}
}
