package library

import (
	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "apgd", Title: "APGD", Paper: "Croce and Hein 2020; in L1 Croce and Hein 2021", Family: attacks.WhiteBox,
	Standard: []attacks.Variant{{Rank: 10, Text: "apgd"}},
	Quick:    []attacks.Variant{{Rank: 10, Text: "apgd(loss=probability-margin)"}},
	Battery: []attacks.Variant{{Rank: 100, Text: "apgd"}, {Rank: 132, Text: "apgd(loss=probability-margin)"}, {Rank: 140, Text: "apgd(loss=dlr)"},
		{Rank: 142, Text: "apgd(gradient=straight-through)"}, {Rank: 144, Text: "apgd(loss=margin,gradient=straight-through)"}},
	New: func() attacks.Attack { return new(APGD) },
})

// APGD is Auto-PGD of Croce and Hein 2020 (algorithm 1), PGD without a step size
// to choose. The first steps have size 2·eps. At checkpoints, which follow each
// other at ever shorter intervals, the step size is halved and the search
// returns to the best point if the loss has not increased often enough. Steps
// have momentum. Starting points lie on the ball's surface. With an L1 threat it
// is the attack of Croce and Hein 2021, whose steps change fewer and fewer
// values. All constants are those of AutoAttack.
type APGD struct {
	attacks.Common
	Loss     attacks.Loss `key:"loss" default:"classification" help:"whose gradient is followed"`
	Steps    int          `key:"steps" in:"[1,1e5]" default:"100" help:"of each start"`
	Restarts int          `key:"restarts" in:"[0,1e6]" default:"0" help:"number of starts; 0: 1, and 5 in l1, as AutoAttack has"`
	Rho      float32      `key:"rho" in:"[0,1]" default:".75" help:"share of the steps that must have raised the loss"`
	Narrow   bool         `key:"narrow" default:"true" help:"in l1, spend 30 % of the steps at 3 eps and 30 % at 2 eps"`
}

// Losses implements [attacks.Attack].
func (a *APGD) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{a.Loss} }

// CheckClasses refuses too few classes for the loss.
func (a *APGD) CheckClasses(classes int) error { return a.Loss.CheckClasses(classes) }

// Plan implements [attacks.Stepper].
func (a *APGD) Plan(_ float32, n attacks.Norm) attacks.StepPlan {
	return attacks.StepPlan{Loss: a.Loss, Steps: a.Steps, Restarts: restartsIn(n, a.Restarts)}
}

// Run ascends from each starting point until an iterate succeeds.
func (a *APGD) Run(o *attacks.Oracle) {
	settings := apgdSettings{a.Steps, float64(a.Rho), a.Narrow}
	eachStart(o, restartsIn(o.Threat.Norm, a.Restarts), func(_ int, o *attacks.Oracle) bool {
		return settings.ascend(o, attackLoss(o, a.Loss))
	})
}

// restartsIn is the number of starts in norm n: AutoAttack's, unless one is given.
func restartsIn(n attacks.Norm, given int) int {
	switch {
	case given > 0:
		return given
	case n == attacks.L1:
		return 5
	}
	return 1
}

// apgdSettings are what APGD and APGD-T have in common.
type apgdSettings struct {
	steps  int     // of each start
	rho    float64 // share of the steps that must have increased the loss
	narrow bool    // in L1, begin in larger balls
}

// ascend ascends from a random starting point until an iterate succeeds.
// lossGradient is the loss to increase, with its gradient.
func (p apgdSettings) ascend(o *attacks.Oracle, lossGradient func(x []float32) attacks.LossGradient) bool {
	if o.Threat.Norm != attacks.L1 {
		return followStepper(o, newAPGDAscent(o, p.startingPoint(o), p.steps, p.rho), p.steps, true, lossGradient)
	}
	if !p.narrow {
		return followStepper(o, newAPGDL1Ascent(o, p.startingPoint(o), o.Eps, p.steps, false), p.steps, true, lossGradient)
	}
	x := noisyImage(o)
	for _, phase := range p.phases(o.Eps) {
		a := phase.start(o, x)
		if followStepper(o, a, phase.steps, phase.eps == o.Eps, lossGradient) {
			return true
		}
		x = a.best
	}
	return false
}

// startingPoint is a point on the ball's surface in a random direction, clipped
// to the box; in L1 the projection of a noisy image.
func (p apgdSettings) startingPoint(o *attacks.Oracle) []float32 {
	x := noisyImage(o)
	if o.Threat.Norm == attacks.L1 {
		projectL1InBox(o, x, o.Eps)
		return x
	}
	vector.Sub(x, x, o.Image)
	vector.AXPY(x, o.Image, o.Eps/vector.AtLeastTiny(o.Threat.Norm.Of(x)), x)
	o.Threat.Project(x, o.Image, o.Eps)
	return x
}

// projectL1InBox moves x to the nearest point in the box within eps of the clean
// image in L1. Threat.Project instead projects first and clips then.
func projectL1InBox(o *attacks.Oracle, x []float32, eps float32) {
	vector.ProjectL1(x, o.Image, float64(eps), float64(o.Threat.Lo), float64(o.Threat.Hi))
}
