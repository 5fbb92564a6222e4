package library

import (
	"math"

	"unwarp/attacks"
	"unwarp/attacks/geometry"
)

var _ = attacks.Register(attacks.Entry{
	Name: "affine-pgd", Title: "ascent on parameters", Paper: "Engstrom, Tran, Tsipras, Schmidt and Madry 2019", Family: attacks.WhiteBox, Search: attacks.Bisection,
	Terms: affineTerms, UsualThreat: usualAffine,
	Geometric: []attacks.Variant{{Rank: 30, Text: "affine-pgd"}},
	New:       func() attacks.Attack { return new(AffinePGD) },
})

// AffinePGD is gradient ascent on the parameters of the change, the paper's
// first-order attack: the gradient goes through the bilinear interpolation, as
// that of a warp in the graph does. Parameters count as shares of their limits; a
// step moves the one with the largest gradient by the step size, the others in
// proportion, and steps shrink linearly to a tenth. The loss has many local
// maxima, so each start is the best of several draws; the first is the clean
// image.
type AffinePGD struct {
	attacks.Common
	Loss     attacks.Loss `key:"loss" default:"margin" help:"whose gradient is followed"`
	Steps    int          `key:"steps" in:"[1,1e6]" default:"20" help:"of each start"`
	Restarts int          `key:"restarts" in:"[1,1e4]" default:"5" help:"number of starts"`
	Step     float32      `key:"step" in:"(0,2]" default:".2" help:"size of the first step, as a share of the limits"`
	Draws    int          `key:"draws" in:"[1,1e4]" default:"10" help:"random changes of which the best begins a start"`
}

// Losses implements [attacks.Attack].
func (a *AffinePGD) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{a.Loss} }

// CheckClasses refuses too few classes for the loss.
func (a *AffinePGD) CheckClasses(classes int) error { return a.Loss.CheckClasses(classes) }

// CheckThreat implements [attacks.ThreatChecker].
func (a *AffinePGD) CheckThreat(t attacks.Threat) error { return refuseWhole(t) }

// Plan implements [attacks.Stepper].
func (a *AffinePGD) Plan(eps float32, _ attacks.Norm) attacks.StepPlan {
	return attacks.StepPlan{Loss: a.Loss, Steps: a.Steps, Size: a.Step * eps, Restarts: a.Restarts, CleanStart: true}
}

// Run makes the starts.
func (a *AffinePGD) Run(o *attacks.Oracle) {
	g := o.Threat.GeometryAt(o.Eps)
	eachStart(o, a.Restarts, func(s int, o *attacks.Oracle) bool {
		p := make([]float64, len(g.Parameters()))
		if s > 0 {
			p = a.bestDraw(o, g)
		}
		return a.ascend(o, g, p)
	})
}

// bestDraw is the draw with the largest margin.
func (a *AffinePGD) bestDraw(o *attacks.Oracle, g geometry.Threat) (best []float64) {
	all := make([][]float64, a.Draws)
	for i := range all {
		all[i] = drawParameters(o.Rand, g)
	}
	most := float32(math.Inf(-1))
	scoreCandidates(o, len(all), func(i int, x []float32) { o.Apply(x, attacks.Transform{Parameters: all[i]}) }, func(i int, _, z []float32) bool {
		if m := o.Margin(z); best == nil || m > most {
			best, most = all[i], m
		}
		return true
	})
	return best
}

// ascend makes the steps of one start from p, until an iterate succeeds.
func (a *AffinePGD) ascend(o *attacks.Oracle, g geometry.Threat, p []float64) bool {
	o.BeginStart()
	x, limits := make([]float32, len(o.Image)), g.Parameters()
	field, byField := make([]float32, 2*o.H*o.W), make([]float32, 2*o.H*o.W)
	for k := range a.Steps {
		o.Apply(x, attacks.Transform{Parameters: p})
		loss := o.AttackLoss(a.Loss, x)
		o.RecordLoss(loss.Loss)
		if o.Success(loss.Logits) && o.ClaimTransform(attacks.Transform{Parameters: p}) {
			return true
		}
		g.Displace(field, p, o.H, o.W)
		geometry.WarpGradient(byField, o.Image, field, loss.Gradient, o.H, o.W, o.C, g.GraphBorder())
		stepParameters(p, g.ParameterGradient(byField, p, o.H, o.W), limits, shrinking(float64(a.Step), k, a.Steps))
	}
	return o.ClaimTransform(attacks.Transform{Parameters: p})
}

// stepParameters moves p along its gradient and keeps it within its limits.
func stepParameters(p, gradient []float64, limits []geometry.Parameter, step float64) {
	most := 0.
	for i, l := range limits {
		gradient[i] *= l.Limit
		most = max(most, math.Abs(gradient[i]))
	}
	if !(most > 0) || math.IsInf(most, 0) {
		return
	}
	for i, l := range limits {
		p[i] = min(max(p[i]+step*l.Limit*gradient[i]/most, -l.Limit), l.Limit)
	}
}

// shrinking is the size of step k of n: from first linearly to a tenth of it.
func shrinking(first float64, k, n int) float64 {
	return first * (1 - .9*float64(k)/float64(max(1, n-1)))
}
