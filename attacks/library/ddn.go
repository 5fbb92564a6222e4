package library

import (
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "ddn", Title: "DDN", Paper: "Rony, Hafemann, Oliveira, Ben Ayed, Sabourin and Granger 2019", Family: attacks.WhiteBox, Search: attacks.MinimumNorm, OwnNorm: attacks.L2,
	Battery: []attacks.Variant{{Rank: 220, Text: "ddn"}},
	New:     func() attacks.Attack { return new(DDN) },
})

// DDN decouples direction and norm of an L2 perturbation (Rony et al. 2019,
// algorithm 1): a step along the gradient sets the direction, and the
// perturbation is then scaled to a norm that shrinks by the factor 1-Gamma after
// a success and grows by 1+Gamma otherwise. The authors round iterates to 256
// levels; this attack does not.
type DDN struct {
	attacks.Common
	Loss   attacks.Loss `key:"loss" default:"classification" help:"whose gradient is followed"`
	Steps  int          `key:"steps" in:"[1,1e6]" default:"100" help:"number of steps; their size falls from 1 to .01 along a cosine"`
	Radius float32      `key:"radius" in:"[1e-6,1e6]" default:"1" help:"first norm"`
	Gamma  float32      `key:"gamma" in:"[0,1]" default:"0.05" help:"by which the norm shrinks and grows"`
}

// Losses implements [attacks.Attack].
func (a *DDN) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{a.Loss} }

// CheckClasses refuses too few classes for the loss.
func (a *DDN) CheckClasses(classes int) error { return a.Loss.CheckClasses(classes) }

// Run steps along the gradient and adapts the norm.
func (a *DDN) Run(o *attacks.Oracle) {
	x, nearest := slices.Clone(o.Image), newNearestClaim(o)
	norm, largest := float64(a.Radius), distanceToFarthestCorner(o, attacks.L2)
	l2 := o.Threat
	l2.Norm = attacks.L2
	for i := range a.Steps {
		g := o.AttackLoss(a.Loss, x)
		o.RecordLoss(g.Loss)
		if o.ClearSuccess(g.Logits) {
			nearest.offer(x)
			norm *= 1 - float64(a.Gamma)
		} else {
			norm *= 1 + float64(a.Gamma)
		}
		norm = min(norm, largest)
		l2.Steepest(g.Gradient, g.Gradient)
		vector.AXPY(x, x, float32(cosineAnneal(1, .01, float64(i)/float64(a.Steps))), g.Gradient)
		scaleToNorm(x, o.Image, norm)
		o.Threat.Clip(x)
	}
	nearest.finish(x)
}

// scaleToNorm scales the change from origin to x to L2 norm size, in place.
func scaleToNorm(x, origin []float32, size float64) {
	d := attacks.L2.Distance(x, origin)
	if d == 0 {
		return
	}
	f := size / d
	for i, x0 := range origin {
		x[i] = x0 + float32(f*(float64(x[i])-float64(x0)))
	}
}
