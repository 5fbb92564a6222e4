package library

import (
	"fmt"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "codes", Title: "codes", Paper: "Sabour et al. 2016; Carlini et al. 2019, on adaptive attacks", Family: attacks.Adaptive,
	Battery: []attacks.Variant{{Rank: 160, Text: "codes"}, {Rank: 170, Text: "codes(code=appearance)"}, {Rank: 180, Text: "codes(code=geometry)"}, {Rank: 190, Text: "codes(towards=away)"}},
	New:     func() attacks.Attack { return new(CodeAttack) },
})

// CodeAttack attacks in the space of a code instead of the logits, by projected
// gradient steps on the squared distance of codes: away from the code of the
// clean image, or towards the code of a guide image, an image of another class
// (Sabour et al. 2016, eq. 1). A defence that hides the gradient of the logits
// does not hide this one.
type CodeAttack struct {
	attacks.Common
	Code     attacks.Loss `key:"code" default:"embedding" oneof:"embedding appearance geometry" help:"which code is moved"`
	Towards  string       `key:"towards" default:"class" oneof:"away class" help:"away from the clean code, or to another class's"`
	Guides   int          `key:"guides" in:"[1,1000]" default:"3" help:"images of other classes tried"`
	Steps    int          `key:"steps" in:"[1,1e6]" default:"40" help:"for each guide"`
	Alpha    float32      `key:"alpha" in:"[0,1]" default:"0" help:"size of a step; 0: 2.5 eps/steps"`
	Restarts int          `key:"restarts" in:"[1,1e4]" default:"1" help:"random starts, when it moves away"`
}

// Validate refuses a target for an attack that has none.
func (a *CodeAttack) Validate() error {
	if a.Towards == "away" && a.Target != "" {
		return fmt.Errorf("target: want none for an attack that moves away")
	}
	return nil
}

// Losses implements [attacks.Attack].
func (a *CodeAttack) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{a.Code} }

// Run moves away from the clean code, or towards that of each guide.
func (a *CodeAttack) Run(o *attacks.Oracle) {
	if a.Towards == "away" {
		clean := o.Codes(a.Code, o.Image)[0]
		eachStart(o, a.Restarts, func(_ int, o *attacks.Oracle) bool {
			// The distance has no gradient at the clean image: start beside it.
			return a.ascent(o, clean, 1).run(o, o.RandomStart(o.Eps))
		})
		return
	}
	classes := targetClasses(o, a.Guides)
	eachStart(o, len(classes), func(i int, o *attacks.Oracle) bool {
		guide := o.Example(classes[i])
		return guide != nil && a.ascent(o, o.Codes(a.Code, guide)[0], -1).run(o, slices.Clone(o.Image))
	})
}

// ascent increases sign times the squared distance of the code from reference.
func (a *CodeAttack) ascent(o *attacks.Oracle, reference []float32, sign float32) gradientAscent {
	return gradientAscent{steps: a.Steps, alpha: stepSize(a.Alpha, o.Eps, a.Steps), lossGradient: func(x []float32) attacks.LossGradient {
		g := o.LossGradients(a.Code, attacks.Request{Image: x, Reference: reference})[0]
		g.Loss *= sign
		vector.Scale(g.Gradient, g.Gradient, sign)
		return g
	}}
}
