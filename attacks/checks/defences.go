package checks

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// Defence obfuscates gradients (Athalye et al. 2018) and leaves the classifier
// as vulnerable as it was. The checks must detect it.
type Defence struct {
	Name string
	Wrap func(attacks.Victim) attacks.Victim
}

// ObfuscatedDefences are those that C26 wraps around a model.
var ObfuscatedDefences = []Defence{
	{"quantised input", func(v attacks.Victim) attacks.Victim { return Quantised(v, 8) }},
	{"logits times 1000", func(v attacks.Victim) attacks.Victim { return Saturated(v, 1000) }},
	{"random noise", func(v attacks.Victim) attacks.Victim { return Noisy(v, .1) }},
}

// Quantised rounds the input to a few levels, so that the gradient is zero
// everywhere: shattered gradients in the words of Athalye et al. 2018.
func Quantised(v attacks.Victim, levels int) attacks.Victim {
	return wrapLogits(v, func(s *graphs.Scope, images tf.Output) tf.Output {
		n := op.Const(s.Op("levels"), float32(levels-1))
		near := op.AddV2(s.Op("near"), op.Mul(s.Op("stretch"), images, n), op.Const(s.Op("half"), float32(.5)))
		// Floor has no gradient in TensorFlow, and no attack could run on a model
		// without one; zero times the image makes it zero instead.
		path := op.Mul(s.Op("path"), images, op.Const(s.Op("zero"), float32(0)))
		return op.Div(s.Op("shrink"), op.AddV2(s.Op("step"), op.Floor(s.Op("floor"), near), path), n)
	}, identity)
}

// Saturated multiplies the logits, so that the gradient of the cross-entropy is
// rounded to zero, as in defensive distillation (Carlini and Wagner 2017).
func Saturated(v attacks.Victim, factor float32) attacks.Victim {
	return wrapLogits(v, identity, func(s *graphs.Scope, logits tf.Output) tf.Output { return graphs.Weighted(s, factor, logits) })
}

// Noisy adds normal noise to the input, drawn anew in each pass.
func Noisy(v attacks.Victim, sigma float32) attacks.Victim {
	return wrapLogits(v, func(s *graphs.Scope, images tf.Output) tf.Output {
		noise := op.RandomStandardNormal(s.Op("noise"), op.Shape(s.Op("shape"), images), tf.Float)
		noise = op.StopGradient(s.Op("stop"), noise) // whose shape is the image's, but which has no gradient
		return op.AddV2(s.Op("noised"), images, graphs.Weighted(s, sigma, noise))
	}, identity)
}

func identity(_ *graphs.Scope, x tf.Output) tf.Output { return x }

// wrapLogits is v with one function before and one after it, and without its
// training loss and codes.
func wrapLogits(v attacks.Victim, before, after func(*graphs.Scope, tf.Output) tf.Output) attacks.Victim {
	inner := v.Logits
	v.TrainingLoss, v.Codes, v.CodeNames = nil, nil, nil
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		return after(s, inner(s, before(s, images)))
	}
	return v
}
