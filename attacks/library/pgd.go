package library

import (
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "pgd", Title: "PGD", Paper: "Madry, Makelov, Schmidt, Tsipras and Vladu 2018", Family: attacks.WhiteBox,
	Battery: []attacks.Variant{{Rank: 90, Text: "pgd(steps=100,restarts=5)"}},
	New:     func() attacks.Attack { return new(PGD) },
})

// PGD is projected gradient descent of Madry et al. 2018: BIM from one or more
// random points of the ball. With start=clean it is BIM.
//
// In L1, where the steepest step changes a single value, it is the sparse descent
// (SLIDE) of Tramèr and Boneh 2019: the values with the largest gradients change
// by equal amounts, except those that would leave the box.
//
// The defaults are those of foolbox for Linf (40 steps of eps/30: .01 at .3)
// and L2 (50 steps of eps/40), and cleverhans's step size for L1 (eps/10).
// torchattacks makes 10 steps of 2/255, ART 100 steps of .1.
type PGD struct {
	attacks.Common
	Loss        attacks.Loss `key:"loss" default:"classification" help:"whose gradient is followed"`
	Steps       int          `key:"steps" in:"[0,1e6]" default:"0" help:"of each start; 0: 40 in linf, 50 in l2 and l1"`
	Alpha       float32      `key:"alpha" in:"[0,1e6]" default:"0" help:"size of a step; 0: eps/30 in linf, eps/40 in l2, eps/10 in l1"`
	Restarts    int          `key:"restarts" in:"[1,1e6]" default:"1" help:"number of starts"`
	Start       string       `key:"start" oneof:"random clean" default:"random" help:"where to start: anywhere in the ball, or at the image"`
	Temperature float32      `key:"temperature" in:"[1e-6,1e6]" default:"1" help:"by which the classification loss divides logits: above 1 where softmax saturates"`
	Quantile    float32      `key:"quantile" in:"[0,1]" default:".99" help:"in l1, share of the values that a step leaves alone"`
}

// Validate refuses settings that contradict each other.
func (p *PGD) Validate() error {
	if p.Start == "clean" && p.Restarts > 1 {
		return fmt.Errorf("restarts: start=clean gives the same result each time, want start=random")
	}
	if p.Temperature != 1 && p.Loss != attacks.Classification {
		return fmt.Errorf("temperature: loss %s has none, want loss=classification", p.Loss)
	}
	return nil
}

// Losses implements [attacks.Attack].
func (p *PGD) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{p.Loss} }

// CheckClasses refuses too few classes for the loss.
func (p *PGD) CheckClasses(classes int) error { return p.Loss.CheckClasses(classes) }

// Run ascends from each starting point until an iterate succeeds.
func (p *PGD) Run(o *attacks.Oracle) {
	eachStart(o, p.Restarts, func(_ int, o *attacks.Oracle) bool {
		if p.Start == "clean" {
			return p.ascent(o).run(o, slices.Clone(o.Image))
		}
		return p.ascent(o).run(o, o.RandomStart(o.Eps))
	})
}

// Plan implements [attacks.Stepper].
func (p *PGD) Plan(eps float32, n attacks.Norm) attacks.StepPlan {
	plan := attacks.StepPlan{Loss: p.Loss, Steps: 50, Restarts: p.Restarts, CleanStart: p.Start == "clean"}
	switch n {
	case attacks.Linf:
		plan.Steps, plan.Size = 40, eps/30
	case attacks.L2:
		plan.Size = eps / 40
	case attacks.L1:
		plan.Size = eps / 10
	}
	if p.Steps != 0 {
		plan.Steps = p.Steps
	}
	if p.Alpha != 0 {
		plan.Size = p.Alpha
	}
	return plan
}

func (p *PGD) ascent(o *attacks.Oracle) gradientAscent {
	plan := p.Plan(o.Eps, o.Threat.Norm)
	a := gradientAscent{steps: plan.Steps, alpha: plan.Size, lossGradient: func(x []float32) attacks.LossGradient {
		return o.AttackLossOf(p.Loss, attacks.Request{Image: x, Temperature: p.Temperature})
	}}
	if o.Threat.Norm == attacks.L1 {
		a.direction = sparseDirection(o, float64(p.Quantile))
	}
	return a
}

// sparseDirection is the direction of a sparse step in L1: all values whose
// |gradient| is at least the quantile change by equal amounts.
func sparseDirection(o *attacks.Oracle, quantile float64) func(g, x []float32) {
	sizes := make([]float32, len(o.Image))
	n := len(sizes) - int(math.Ceil(quantile*float64(len(sizes)-1)-1e-4))
	return func(g, x []float32) {
		for i, v := range x {
			if v <= o.Threat.Lo && g[i] < 0 || v >= o.Threat.Hi && g[i] > 0 {
				g[i] = 0
			}
		}
		vector.LargestSigns(g, g, n, sizes)
	}
}
