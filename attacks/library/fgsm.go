package library

import (
	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "fgsm", Title: "FGSM", Paper: "Goodfellow, Shlens and Szegedy 2015", Family: attacks.WhiteBox, Search: attacks.Ascending,
	Battery: []attacks.Variant{{Rank: 20, Text: "fgsm"}, {Rank: 30, Text: "fgsm(loss=margin)"}, {Rank: 40, Text: "fgsm(loss=training)"}},
	New:     func() attacks.Attack { return new(FGSM) },
})

// FGSM is the fast gradient sign method of Goodfellow, Shlens and Szegedy 2015:
// x + eps·sign(∇ loss), clipped to the box; with an L2 threat the fast gradient
// method, along ∇ loss/‖∇ loss‖₂. One gradient serves every eps. The label is the
// true one (cleverhans takes the predicted one by default).
type FGSM struct {
	attacks.Common
	Loss attacks.Loss `key:"loss" default:"classification" help:"whose gradient is followed"`
}

// Losses implements [attacks.Attack].
func (f *FGSM) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{f.Loss} }

// CheckClasses refuses too few classes for the loss.
func (f *FGSM) CheckClasses(classes int) error { return f.Loss.CheckClasses(classes) }

// Run makes one step of Eps.
func (f *FGSM) Run(o *attacks.Oracle) {
	if o.Memo == nil {
		g := o.AttackLoss(f.Loss, o.Image)
		o.Threat.Steepest(g.Gradient, g.Gradient)
		o.Memo = g.Gradient
	}
	x := make([]float32, len(o.Image))
	vector.AXPY(x, o.Image, o.Eps, o.Memo.([]float32))
	o.Threat.Project(x, o.Image, o.Eps)
	o.Claim(x)
}
