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
	{"hidden vote", func(v attacks.Victim) attacks.Victim { return Voted(v, 32, 20) }},
}

// Quantised rounds the input to a few levels, so that the gradient is zero
// everywhere: shattered gradients in the words of Athalye et al. 2018.
func Quantised(v attacks.Victim, levels int) attacks.Victim {
	return wrapLogits(v, func(s *graphs.Scope, images tf.Output) tf.Output { return quantise(s, images, levels) }, identity)
}

func quantise(s *graphs.Scope, images tf.Output, levels int) tf.Output {
	n := op.Const(s.Op("levels"), float32(levels-1))
	near := op.AddV2(s.Op("near"), op.Mul(s.Op("stretch"), images, n), op.Const(s.Op("half"), float32(.5)))
	// Floor has no gradient in TensorFlow; zero times the image makes it zero.
	path := op.Mul(s.Op("path"), images, op.Const(s.Op("zero"), float32(0)))
	return op.Div(s.Op("shrink"), op.AddV2(s.Op("step"), op.Floor(s.Op("floor"), near), path), n)
}

// Voted adds bonus to the logit of the class that a copy of the model sees in the
// image rounded to some levels. The logits' gradient says nothing of the vote,
// which decides.
func Voted(v attacks.Victim, levels int, bonus float32) attacks.Victim {
	inner := v.Logits
	v = wrapLogits(v, identity, identity)
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		// Within one pass a model is built once: it sees both in one batch.
		both := op.ConcatV2(s.Op("both"), []tf.Output{images, quantise(s, images, levels)}, op.Const(s.Op("rows"), int32(0)))
		logits := op.Split(s.Op("each"), op.Const(s.Op("split"), int32(0)), inner(s, both), 2)
		if !s.OK() {
			return tf.Output{}
		}
		class := op.ArgMax(s.Op("class"), logits[1], op.Const(s.Op("axis"), int32(1)))
		vote := op.OneHot(s.Op("vote"), class, op.Const(s.Op("classes"), int32(v.Classes)), op.Const(s.Op("bonus"), bonus), op.Const(s.Op("none"), float32(0)))
		return op.AddV2(s.Op("voted"), logits[0], vote)
	}
	return v
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
	v = v.LogitsAlone()
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
		return after(s, inner(s, before(s, images)))
	}
	return v
}
