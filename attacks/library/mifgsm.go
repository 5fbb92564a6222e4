package library

import (
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "mifgsm", Title: "MI-FGSM", Paper: "Dong, Liao, Pang, Su, Zhu, Hu and Li 2018", Family: attacks.WhiteBox,
	Norms:   []attacks.Norm{attacks.Linf, attacks.L2},
	Battery: []attacks.Variant{{Rank: 80, Text: "mifgsm"}},
	New:     func() attacks.Attack { return new(MIFGSM) },
})

// MIFGSM is the momentum iterative method of Dong et al. 2018 (algorithm 1):
//
//	m = µ·m + ∇ loss / ‖∇ loss‖₁,  x = x + α·sign(m)
//
// projected on ball and box; with an L2 threat α·m/‖m‖₂ (eq. 10). The gradient's
// norm is that of the image, not of the batch. The paper has α = eps/steps;
// foolbox takes the sign before the momentum, which is another attack.
type MIFGSM struct {
	attacks.Common
	Loss  attacks.Loss `key:"loss" default:"classification" help:"whose gradient is followed"`
	Steps int          `key:"steps" in:"[1,1e6]" default:"10" help:"number of steps"`
	Alpha float32      `key:"alpha" in:"[0,1e6]" default:"0" help:"size of a step; 0: eps/steps"`
	Mu    float32      `key:"mu" in:"[0,10]" default:"1" help:"share of the momentum that a step keeps"`
}

// Losses implements [attacks.Attack].
func (m *MIFGSM) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{m.Loss} }

// CheckClasses refuses too few classes for the loss.
func (m *MIFGSM) CheckClasses(classes int) error { return m.Loss.CheckClasses(classes) }

// Run ascends from the clean image.
func (m *MIFGSM) Run(o *attacks.Oracle) { m.ascent(o).run(o, slices.Clone(o.Image)) }

// Plan implements [attacks.Stepper].
func (m *MIFGSM) Plan(eps float32, _ attacks.Norm) attacks.StepPlan {
	p := attacks.StepPlan{Loss: m.Loss, Steps: m.Steps, Size: m.Alpha, Restarts: 1}
	if p.Size == 0 {
		p.Size = eps / float32(m.Steps)
	}
	return p
}

func (m *MIFGSM) ascent(o *attacks.Oracle) gradientAscent {
	p := m.Plan(o.Eps, o.Threat.Norm)
	momentum := make([]float32, len(o.Image))
	direction := func(g, _ []float32) {
		// Scale the largest element to 1 first: sums of very small values lose digits.
		vector.Scale(g, g, 1/vector.AtLeastTiny(attacks.Linf.Of(g)))
		vector.Scale(momentum, momentum, m.Mu)
		vector.AXPY(momentum, momentum, 1/vector.AtLeastTiny(attacks.L1.Of(g)), g)
		o.Threat.Steepest(g, momentum)
	}
	return gradientAscent{steps: p.Steps, alpha: p.Size, lossGradient: attackLoss(o, m.Loss), direction: direction}
}
