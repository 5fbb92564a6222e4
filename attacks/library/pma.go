package library

import (
	"math"

	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "pma", Title: "PMA", Paper: "Xie, Zheng, Huang, Ye and Ma 2025", Family: attacks.WhiteBox,
	Battery: []attacks.Variant{{Rank: 134, Text: "pma"}},
	Norms:   []attacks.Norm{attacks.Linf, attacks.L2},
	New:     func() attacks.Attack { return new(PMA) },
})

// PMA is the probability margin attack of Xie et al. 2025: projected gradient ascent
// on the largest probability of another class minus the label's, with steps that
// shrink along a quarter of a cosine,
//
//	x = P(x + α·cos(πi/2N)·sign(∇ loss(x))),  i = 0 … N-1.
//
// Where the label's probability is near 1 the loss is a cross-entropy, where two
// classes are near each other it is their margin. The authors have 100 steps and
// begin with 2/255 at eps 8/255.
type PMA struct {
	attacks.Common
	Steps    int     `key:"steps" in:"[1,1e6]" default:"100" help:"of each start"`
	Alpha    float32 `key:"alpha" in:"[0,1e6]" default:"0" help:"size of the first step; 0: eps/4"`
	Restarts int     `key:"restarts" in:"[1,1e6]" default:"1" help:"number of starts, anywhere in the ball"`
}

// Losses implements [attacks.Attack].
func (p *PMA) Losses(attacks.Victim) []attacks.Loss {
	return []attacks.Loss{attacks.ProbabilityMargin}
}

// Plan implements [attacks.Stepper]. The size is that of the first step.
func (p *PMA) Plan(eps float32, _ attacks.Norm) attacks.StepPlan {
	plan := attacks.StepPlan{Loss: attacks.ProbabilityMargin, Steps: p.Steps, Size: p.Alpha, Restarts: p.Restarts}
	if plan.Size == 0 {
		plan.Size = eps / 4
	}
	return plan
}

// Run ascends from each starting point until an iterate succeeds.
func (p *PMA) Run(o *attacks.Oracle) {
	plan := p.Plan(o.Eps, o.Threat.Norm)
	eachStart(o, p.Restarts, func(_ int, o *attacks.Oracle) bool {
		a := gradientAscent{steps: p.Steps, alpha: plan.Size, lossGradient: attackLoss(o, attacks.ProbabilityMargin)}
		a.size = func(i int) float32 { return a.alpha * float32(math.Cos(math.Pi/2*float64(i)/float64(p.Steps))) }
		return a.run(o, o.RandomStart(o.Eps))
	})
}
