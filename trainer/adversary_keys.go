package trainer

import (
	"errors"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/spec"
)

// Norms of the change of an image, over all pixels and channels.
const (
	linf = "linf"
	l2   = "l2"
)

// What an adversarial image is to be reconstructed as.
const (
	Adversarial = "adversarial" // itself
	CleanImage  = "clean"
)

// Common are the parameters that all methods share.
type Common struct {
	Norm   string   `key:"norm" oneof:"linf l2" default:"linf" help:"of the change of an image, over all pixels and channels"`
	Ramp   Duration `key:"ramp" help:"over which eps and alpha rise linearly from 0"`
	Target string   `key:"target" oneof:"adversarial clean" default:"adversarial" help:"what an adversarial image is to be reconstructed as: itself or the clean image"`
}

// normalise writes an empty ramp in one way only.
func (c *Common) normalise() {
	if c.Ramp.Zero() {
		c.Ramp = Duration{}
	}
}

// loss is eq. 5 or eq. 8 of the rows, clean and adversarial alike.
func (Common) loss(s *graphs.Scope, o Objective, f graphs.Forward, t targets) Terms {
	return o.batchTerms(s, f, t)
}

// Losses that an adversary may raise.
const (
	Classification = "classification"
	TrainingLoss   = "training"
)

// Followed is the loss that a method's images raise.
type Followed struct {
	Loss string `key:"loss" oneof:"classification training" default:"classification" help:"what the adversary raises: the cross-entropy or all of eq. 5"`
}

// ascentLoss is the followed loss of each image, [B].
func (l Followed) ascentLoss(s *graphs.Scope, o Objective, f graphs.Forward, in ascentTargets) tf.Output {
	if l.Loss == TrainingLoss {
		return o.PerImage(s.In("objective"), f, in.labels).Total
	}
	return graphs.CrossEntropy(s.In("classification"), f.Logits, in.labels)
}

// comparesClean is false: the loss asks for labels alone.
func (Followed) comparesClean() bool { return false }

// check refuses a ramp of lambda that the adversary's loss would not have.
func (l Followed) check(c Config) error {
	if l.Loss == TrainingLoss && !c.Objective.LambdaRamp.Zero() {
		return errors.New("train.objective.lambda_ramp: want an adversary that follows the classification loss, or free, got loss=training: leave that out, or the ramp")
	}
	return nil
}

// refuseInputGradient refuses the penalty on input gradients beside m.
func refuseInputGradient(o Objective, m Method) error {
	if o.InputGradient > 0 {
		return fmt.Errorf("train.objective.input_gradient: want fgsm, pgd, fast or nothing as train.adversary beside it, got %s: its loss or its perturbation is a gradient of its own", m.name())
	}
	return nil
}

// Codes of an image.
const (
	ofAppearance = "appearance"
	ofGeometry   = "geometry"
	ofBoth       = "both"
)

// CodePenalty adds Weight times the mean distance ‖C(x) - C(x')‖ between the
// codes of an image and of its adversarial version to the loss. Gradients go
// through both. Each image must come both clean and attacked.
type CodePenalty struct {
	Weight Positive `key:"codes" help:"weight of the distance between the codes of an image and of its adversarial version; without it there is none"`
	Of     string   `key:"of" oneof:"appearance geometry both" help:"which codes; both unless given"`
}

// complete fills in Of, and refuses it without a weight.
func (p *CodePenalty) complete() error {
	switch {
	case p.Weight == 0 && p.Of != "":
		return fmt.Errorf("codes: want the weight of the distance beside of=%s, got none: write it like codes=1,of=%[1]s", p.Of)
	case p.Weight > 0 && p.Of == "":
		p.Of = ofBoth
	}
	return nil
}

// completeMixed is complete for methods with a share of clean images, which
// must be half.
func (p *CodePenalty) completeMixed(clean float32) error {
	if p.Weight > 0 && clean != .5 {
		return fmt.Errorf("clean: want clean=.5 beside codes, so that each image comes clean and attacked, got clean=%s", spec.FormatNumber(clean))
	}
	return p.complete()
}

// checkModel refuses codes that the model does not have.
func (p CodePenalty) checkModel(m graphs.Disentangled) error {
	if (p.Of == ofAppearance || p.Of == ofGeometry) && !(m.Decode && m.Warp) {
		return fmt.Errorf("train.adversary: want a disentangled model for of=%s, got one whose embedding is not split: write of=both, or set model.kind to disentangled", p.Of)
	}
	return nil
}

// shift is the mean distance between the codes of the clean rows of f and those
// of their adversarial versions, which follow in the same order: eq. 8's norm,
// between an image and its attack in place of its deformation. With deformed
// views they are the first half of the rows.
func (p CodePenalty) shift(s *graphs.Scope, f graphs.Forward, views bool) tf.Output {
	codes := map[string]tf.Output{ofAppearance: f.Appearance, ofGeometry: f.Geometry, ofBoth: f.Embedding}[p.Of]
	if _, ok := s.Dims(codes, 2, "codes [batch, units]"); !ok {
		return tf.Output{}
	}
	parts := int64(2)
	if views {
		parts = 4
	}
	rows := op.Split(s.Op("rows"), op.Const(s.Op("axis"), int32(0)), codes, parts)
	if !s.OK() {
		return tf.Output{}
	}
	return graphs.Mean(s, graphs.Distance(s.In("distance"), rows[0], rows[1], graphs.Frobenius))
}

const mostPositive = 1e6

// Positive is a number above 0 that a text may leave out; 0 is left out.
type Positive float32

// MarshalText writes the number as it is read, and nothing for 0.
func (p Positive) MarshalText() ([]byte, error) {
	if p == 0 {
		return nil, nil
	}
	return []byte(spec.FormatNumber(float32(p))), nil
}

// UnmarshalText reads a number such as .1 or 8/255. Numbers below the smallest
// normal float32 are refused: parts of them may round to 0.
func (p *Positive) UnmarshalText(text []byte) error {
	v, err := spec.ParseNumber(string(text))
	if err != nil || v < 0x1p-126 || v > mostPositive {
		return fmt.Errorf("want a number above 0 and at most %g, such as .1 or 8/255, got %q", mostPositive, text)
	}
	*p = Positive(v)
	return nil
}
