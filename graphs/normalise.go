package graphs

import (
	"fmt"
	"math"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Normalise says by which mean and deviation images are shifted and scaled
// before the encoder sees them.
type Normalise string

// Ways to normalise: not at all, by the moments of each image, by those of each
// channel of each image, or by those of each channel over the training set.
const (
	NoNormalise Normalise = "none"
	ByImage     Normalise = "image"
	ByChannel   Normalise = "channel"
	BySet       Normalise = "set"
)

// Normalisation is the first layer of an encoder. It lies inside the graph, so
// that attacks keep pixel units and their gradients go through it, and an
// export takes images as they are.
//
// ByImage and ByChannel subtract the mean and divide by the larger of the
// deviation and 1/sqrt(n), n being the number of values that the two are taken
// of: tf.image.per_image_standardization. A constant image becomes zeros, and
// the gradient there is finite.
type Normalisation struct {
	By Normalise // "" means NoNormalise
	// Mean and Std have a number for each channel, of images in [0,1]; they
	// belong to BySet.
	Mean, Std []float32
}

// Apply normalises images [B,H,W,C]. All of its ops have second-order gradients.
func (n Normalisation) Apply(s *Scope, images tf.Output) tf.Output {
	x, _ := n.apply(s, images)
	return x
}

// apply is Apply with the moments that it used; none where it does nothing.
func (n Normalisation) apply(s *Scope, images tf.Output) (tf.Output, moments) {
	switch n.By {
	case "", NoNormalise:
		return images, moments{}
	case ByImage:
		return n.standardise(s, images, 1, 2, 3)
	case ByChannel:
		return n.standardise(s, images, 1, 2)
	case BySet:
		return n.applySetMoments(s, images)
	}
	s.Errorf("normalise: %s", n.wantedText())
	return tf.Output{}, moments{}
}

func (n Normalisation) standardise(s *Scope, images tf.Output, axes ...int32) (tf.Output, moments) {
	d, ok := s.Dims(images, 4, "images [B,H,W,C] with known sizes")
	if !ok {
		return tf.Output{}, moments{}
	}
	values := int64(1)
	for _, a := range axes {
		values *= max(d[a], 0)
	}
	if values == 0 {
		s.Errorf("want images [B,H,W,C] with known sizes, got %v", d)
		return tf.Output{}, moments{}
	}
	over := op.Const(s.Op("axes"), axes)
	mean := op.Mean(s.Op("mean"), images, over, op.MeanKeepDims(true))
	centred := op.Sub(s.Op("centred"), images, mean)
	variance := op.Mean(s.Op("variance"), op.Square(s.Op("squares"), centred), over, op.MeanKeepDims(true))
	floored := op.Maximum(s.Op("floored"), op.Const(s.Op("least"), 1/float32(values)), variance)
	scale := op.Pow(s.Op("scale"), floored, op.Const(s.Op("power"), float32(-.5))) // Rsqrt has no second-order gradient
	return op.Mul(s.Op("normalised"), centred, scale), moments{mean, op.Sqrt(s.Op("deviation"), floored)}
}

func (n Normalisation) applySetMoments(s *Scope, images tf.Output) (tf.Output, moments) {
	d, ok := s.Dims(images, 4, "images [B,H,W,C] with known channels")
	if !ok {
		return tf.Output{}, moments{}
	}
	if int64(len(n.Mean)) != d[3] || len(n.Std) != len(n.Mean) {
		s.Errorf("want model.mean and model.std to have a number for each of %d channels, got %d and %d: training fills them in where both are empty", d[3], len(n.Mean), len(n.Std))
		return tf.Output{}, moments{}
	}
	scale := make([]float32, len(n.Std))
	for i, v := range n.Std {
		scale[i] = 1 / v
	}
	m := moments{op.Const(s.Op("mean"), n.Mean), op.Const(s.Op("deviation"), n.Std)}
	return op.Mul(s.Op("normalised"), op.Sub(s.Op("centred"), images, m.mean), op.Const(s.Op("scale"), scale)), m
}

// validate refuses values that cannot work, naming the key. BySet without
// moments is accepted: they may be known only once the training set is read.
func (n Normalisation) validate() error {
	switch n.By {
	case "", NoNormalise, ByImage, ByChannel:
		if len(n.Mean)+len(n.Std) > 0 {
			return fmt.Errorf("model.mean, model.std: want none unless model.normalise is set, got %v and %v", n.Mean, n.Std)
		}
		return nil
	case BySet:
	default:
		return fmt.Errorf("model.normalise: %s", n.wantedText())
	}
	if len(n.Mean) != len(n.Std) {
		return fmt.Errorf("model.mean, model.std: want a number for each channel in both, or none in both, got %v and %v", n.Mean, n.Std)
	}
	finite := func(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
	for i, v := range n.Std {
		if !(v > 0) || !finite(v) || !finite(1/v) {
			return fmt.Errorf("model.std: want positive, finite numbers, got %v", n.Std)
		}
		if !finite(n.Mean[i]) {
			return fmt.Errorf("model.mean: want finite numbers, got %v", n.Mean)
		}
	}
	return nil
}

func (n Normalisation) wantedText() string {
	return fmt.Sprintf("want none, image, channel or set, got %q", string(n.By))
}
