package library

import (
	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "rfgsm", Title: "R-FGSM", Paper: "Tramèr, Kurakin, Papernot, Goodfellow, Boneh and McDaniel 2018", Family: attacks.WhiteBox, Search: attacks.Ascending,
	Norms:   []attacks.Norm{attacks.Linf, attacks.L2},
	Battery: []attacks.Variant{{Rank: 50, Text: "rfgsm"}},
	New:     func() attacks.Attack { return new(RFGSM) },
})

// RFGSM is R-FGSM of Tramèr et al. 2018 (section 4.1): FGSM from a random point
// near the image, for models whose gradient is masked at the image itself,
//
//	x' = x + α·sign(N(0,1)),  x' + (eps-α)·sign(∇ loss(x'))
//
// with α = Share·eps, clipped to the box after each step. With an L2 threat both
// steps are along vectors of unit norm. The paper has α = eps/2, as torchattacks has.
type RFGSM struct {
	attacks.Common
	Loss  attacks.Loss `key:"loss" default:"classification" help:"whose gradient is followed"`
	Share float32      `key:"share" in:"[0,1]" default:".5" help:"of eps that the random step takes"`
}

// Losses implements [attacks.Attack].
func (f *RFGSM) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{f.Loss} }

// CheckClasses refuses too few classes for the loss.
func (f *RFGSM) CheckClasses(classes int) error { return f.Loss.CheckClasses(classes) }

// Run makes the random step, and a gradient step from there.
func (f *RFGSM) Run(o *attacks.Oracle) {
	noise := make([]float32, len(o.Image))
	fillNormal(o.Rand, noise)
	o.Threat.Steepest(noise, noise)
	f.ascent(o).run(o, f.startingPoint(o, noise))
}

// startingPoint is the clean image moved by Share·eps along noise of unit norm,
// which is overwritten.
func (f *RFGSM) startingPoint(o *attacks.Oracle, noise []float32) []float32 {
	vector.AXPY(noise, o.Image, f.Share*o.Eps, noise)
	o.Threat.Project(noise, o.Image, o.Eps)
	return noise
}

func (f *RFGSM) ascent(o *attacks.Oracle) gradientAscent {
	return gradientAscent{steps: 1, alpha: (1 - f.Share) * o.Eps, lossGradient: attackLoss(o, f.Loss)}
}
