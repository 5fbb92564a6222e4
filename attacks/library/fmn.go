package library

import (
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "fmn", Title: "FMN", Paper: "Pintor, Roli, Brendel and Biggio 2021", Family: attacks.WhiteBox, Search: attacks.MinimumNorm,
	Battery: []attacks.Variant{{Rank: 230, Text: "fmn"}},
	New:     func() attacks.Attack { return new(FMN) },
})

var _ = attacks.Register(attacks.Entry{
	Name: "fmn-l0", Title: "fmn-l0", Paper: "Pintor, Roli, Brendel and Biggio 2021", Family: attacks.WhiteBox, Search: attacks.MinimumNorm, OwnNorm: attacks.L0,
	New: func() attacks.Attack { return new(FMNL0) },
})

// FMN is the fast minimum-norm attack of Pintor et al. 2021 (algorithm 1) in the
// threat's norm: steps along the gradient of the margin, projected on a ball
// around the clean image. Its radius is the distance of the linearised boundary
// until the first success; from then on it shrinks by the factor 1-Gamma after a
// success and grows by 1+Gamma otherwise. Gamma decreases to .001 and the step
// size to a hundredth of Rate, along a cosine.
//
// After ten steps without a success the radius grows by 1+Gamma at least: the
// linearised boundary alone may stay a little outside for ever.
type FMN struct {
	attacks.Common
	Steps int     `key:"steps" in:"[1,1e6]" default:"100" help:"number of steps"`
	Rate  float32 `key:"rate" in:"[1e-6,1e6]" default:"1" help:"first size of a step, in L2"`
	Gamma float32 `key:"gamma" in:"[0,1]" default:"0.05" help:"by which the radius shrinks and grows at first"`
}

// FMNL0 is [FMN] for the number of changed values: the projection keeps the
// largest changes.
type FMNL0 struct {
	attacks.Common
	Steps int     `key:"steps" in:"[1,1e6]" default:"100" help:"number of steps"`
	Rate  float32 `key:"rate" in:"[1e-6,1e6]" default:"1" help:"first size of a step, in L2"`
	Gamma float32 `key:"gamma" in:"[0,1]" default:"0.05" help:"by which the radius shrinks and grows at first"`
}

// Losses implements [attacks.Attack].
func (a *FMN) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{attacks.Margin} }

// Losses implements [attacks.Attack].
func (a *FMNL0) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{attacks.Margin} }

// Run follows the boundary within balls of the threat's norm.
func (a *FMN) Run(o *attacks.Oracle) {
	r := fmnRadius{o: o, size: math.Inf(1), closest: distanceToFarthestCorner(o, o.Norm), largest: distanceToFarthestCorner(o, o.Norm)}
	followBoundary(o, a.Steps, a.Rate, a.Gamma, r.adaptNorm, func(x []float32) {
		o.Threat.Project(x, o.Image, float32(r.size))
	})
}

// Run follows the boundary with a limited number of changed values.
func (a *FMNL0) Run(o *attacks.Oracle) {
	n := float64(len(o.Image))
	r := fmnRadius{o: o, size: 1, closest: n, largest: n}
	sizes := make([]float32, len(o.Image))
	followBoundary(o, a.Steps, a.Rate, a.Gamma, r.adaptCount, func(x []float32) {
		keepLargestChanges(x, o.Image, int(r.size), sizes)
		o.Threat.Clip(x)
	})
}

// followBoundary makes the steps of FMN. adapt changes the radius by gamma, given
// the margin at x; project moves x into the ball.
func followBoundary(o *attacks.Oracle, steps int, rate, gamma float32, adapt func(g attacks.LossGradient, x []float32, success bool, gamma float64), project func(x []float32)) {
	l2 := o.Threat
	l2.Norm = attacks.L2
	x, nearest := slices.Clone(o.Image), newNearestClaim(o)
	for i := range steps {
		g := o.AttackLoss(attacks.Margin, x)
		o.RecordLoss(g.Loss)
		success := o.ClearSuccess(g.Logits)
		if success {
			nearest.offer(x)
		}
		t := float64(i) / float64(steps)
		adapt(g, x, success, cosineAnneal(float64(gamma), .001, t))
		l2.Steepest(g.Gradient, g.Gradient)
		vector.AXPY(x, x, float32(cosineAnneal(float64(rate), float64(rate)/100, t)), g.Gradient)
		project(x)
	}
	nearest.finish(x)
}

// fmnRadius is the radius of FMN's ball.
type fmnRadius struct {
	o         *attacks.Oracle
	size      float64
	closest   float64 // distance of the closest success so far
	largest   float64 // distance that no image in the box exceeds
	succeeded bool    // an iterate has succeeded
	failures  int     // steps before the first success
}

// adaptNorm adapts the radius of a norm (lines 5 to 13).
func (r *fmnRadius) adaptNorm(g attacks.LossGradient, x []float32, success bool, gamma float64) {
	d := r.o.Distance(x)
	switch {
	case success:
		r.succeeded, r.closest = true, min(r.closest, d)
		r.size = min(r.size*(1-gamma), r.closest)
	case r.succeeded:
		r.size *= 1 + gamma
	default:
		linear := r.largest
		if slope := float64(r.o.Norm.Dual().Of(g.Gradient)); slope > 0 {
			linear = d + math.Abs(float64(g.Loss))/slope
		}
		if r.failures++; r.failures > 10 {
			linear = max(linear, r.size*(1+gamma))
		}
		r.size = linear
	}
	r.size = min(r.size, r.largest)
}

// adaptCount adapts a number of changed values, by 1 at least.
func (r *fmnRadius) adaptCount(_ attacks.LossGradient, x []float32, success bool, gamma float64) {
	if success {
		r.closest = min(r.closest, attacks.L0.Distance(x, r.o.Image))
		r.size = min(r.size-1, math.Floor(r.size*(1-gamma)), r.closest)
	} else {
		r.size = max(r.size+1, math.Floor(r.size*(1+gamma)))
	}
	r.size = min(max(r.size, 1), r.largest)
}

// keepLargestChanges undoes all changes from origin but the n largest, the first
// of equal ones. sizes is scratch.
func keepLargestChanges(x, origin []float32, n int, sizes []float32) {
	if n >= len(x) {
		return
	}
	for i, x0 := range origin {
		sizes[i] = vector.Abs(x[i] - x0)
	}
	least := vector.NthLargest(sizes, max(n, 1))
	larger := 0
	for i, x0 := range origin {
		if vector.Abs(x[i]-x0) > least {
			larger++
		}
	}
	for i, x0 := range origin {
		switch d := vector.Abs(x[i] - x0); {
		case d > least:
		case d == least && larger < n:
			larger++
		default:
			x[i] = x0
		}
	}
}
