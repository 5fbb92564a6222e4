package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Noise adds normal noise to images in training passes, new for each image and
// step, which depends on seed, path and step alone: the training of smoothed
// classifiers (Lecuyer et al. 2019; Cohen, Rosenfeld and Kolter 2019, section 4).
// It lies before the normalisation, in units of images in [0,1], and is not cut to
// [0,1]. The encoder alone sees it: the target of the reconstruction has none.
type Noise struct {
	Sigma float32 `key:"sigma" required:".25" in:"(0,100]" help:"standard deviation, in units of images in [0,1]"`
}

// Apply adds the noise to images. The zero value and passes that do not train
// change nothing.
func (n Noise) Apply(s *Scope, images tf.Output) tf.Output {
	if n == (Noise{}) || !s.Training() || !s.hasValue(images) {
		return images
	}
	drawn := s.normal(op.Shape(s.Op("shape"), images))
	return op.AddV2(s.Op("noisy"), images, op.Mul(s.Op("scaled"), drawn, op.Const(s.Op("sigma"), n.Sigma)))
}
