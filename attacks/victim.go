package attacks

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Victim is what an attack may know of a model.
type Victim struct {
	// H, W, C are the sizes of an image.
	H, W, C int
	Classes int
	// Logits maps images [B,H,W,C] to unnormalised scores [B,Classes].
	Logits func(s *graphs.Scope, images tf.Output) tf.Output
	// TrainingLoss is the loss that the model was trained with, one value per
	// image, and the logits: [B,H,W,C], labels [B] -> [B], [B,Classes]. Nil
	// where there is none to follow.
	TrainingLoss func(s *graphs.Scope, images, labels tf.Output) (loss, logits tf.Output)
	// CodeNames are the codes that Codes returns: of Embedding, Appearance and
	// Geometry those that the model has.
	CodeNames []Loss
	// Codes maps images to logits and the codes of CodeNames, each [B,D].
	Codes func(s *graphs.Scope, images tf.Output) (logits tf.Output, codes map[Loss]tf.Output)
	// StraightThroughDiffers tells whether operations without a gradient lie
	// between image and logits: only then are straight-through gradients others
	// than plain ones. The attack graph finds them.
	StraightThroughDiffers bool
	// GradientFault says why the plain gradient is not that of the logits, "" where it
	// is: attacks that follow it would mean nothing.
	GradientFault string
	// ClassAlone tells that the model gives the number of a class and nothing else: Logits
	// are 0 but for that class. What reads scores finds nothing in them.
	ClassAlone bool
	// Pass are the options of each pass over the victim.
	Pass []graphs.PassOption
}

// LogitsAlone is v without its training loss and codes: of a model around v, or one of
// which nothing else is known.
func (v Victim) LogitsAlone() Victim {
	v.TrainingLoss, v.Codes, v.CodeNames = nil, nil, nil
	return v
}

// Size is the number of values of an image.
func (v Victim) Size() int { return v.H * v.W * v.C }

// OffersAll tells whether all gradients that a follows, and the scores that it reads, can be
// had from v. What follows the gradient of another model needs none of v.
func (v Victim) OffersAll(a Attack) bool {
	_, transfers := a.(Transferrer)
	switch {
	case v.ClassAlone && About(a).Family == Score:
		return false
	case transfers:
	case v.GradientFault != "" && len(a.Losses(v)) > 0 && (a.Settings().Gradient != StraightThrough || !v.StraightThroughDiffers):
		return false
	}
	return !slices.ContainsFunc(a.Losses(v), func(l Loss) bool { return !v.Offers(l) })
}

// Offers tells whether the gradient of l can be had from v.
func (v Victim) Offers(l Loss) bool {
	switch {
	case l == Training:
		return v.TrainingLoss != nil
	case l.IsCode():
		return slices.Contains(v.CodeNames, l)
	case l == DLR:
		return v.Classes >= 3
	case l == TargetedDLR:
		return v.Classes >= 4
	}
	return true
}
