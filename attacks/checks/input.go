package checks

import (
	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/engine"
)

// Input is what the checks look at.
type Input struct {
	Reference engine.Session // the model in float32; without a graph only the evaluation is read
	Gradient  engine.Session // the same weights, for gradients; its graph must have declared [Attacks]
	Images    attacks.Images // the images that were evaluated

	Evaluation *attacks.Evaluation // nil: only the model is checked
	// OtherThreats are those of which the same model has evaluations.
	OtherThreats []string
	Baseline     *attacks.Evaluation // the same attacks on an undefended model, or nil
	// Certificates are proofs of the same model and images.
	Certificates []certify.Certificate

	N         int     // images of the sample on which the model is run; 0: 100
	Eps       float32 // radius of the checks; 0: the radius of the evaluation whose accuracy under attack is nearest 50 %
	Batch     int     // images computed at once; 0: 64
	Draws     int     // of random noise per image; 0: 10,000
	Seed      uint64
	Only      []string          // ids of the checks to run; nil: all
	OnSurface func(LossSurface) // receives the loss surfaces of C20; may be nil
}

// Progress is how far a run of checks is.
type Progress struct {
	Done, Of int    // checks, and attacks of the probe run on single images
	Doing    string // what runs now
}

// lossDeclaration is no attack: it has a graph declare the losses whose
// gradients the checks follow.
type lossDeclaration struct{ attacks.Common }

func (lossDeclaration) Losses(v attacks.Victim) []attacks.Loss {
	l := []attacks.Loss{attacks.Classification, attacks.Margin, attacks.Linear}
	if v.Offers(attacks.DLR) {
		l = append(l, attacks.DLR)
	}
	return l
}

func (lossDeclaration) Run(*attacks.Oracle) {}

// Attacks are to be declared in the gradient model's graph together with those
// of the evaluation.
func Attacks() []attacks.Attack {
	return []attacks.Attack{&lossDeclaration{attacks.Common{EOT: 1}}, &lossDeclaration{attacks.Common{EOT: 1, Gradient: attacks.StraightThrough}}}
}
