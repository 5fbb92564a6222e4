package library

import (
	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "mixed", Title: "mixed", Paper: "Carlini et al. 2019, on adaptive attacks", Family: attacks.Adaptive,
	Battery: []attacks.Variant{{Rank: 150, Text: "mixed"}},
	New:     func() attacks.Attack { return new(Mixed) },
})

// Mixed is PGD on a weighted sum of the classification loss and the whole
// training loss of the victim. Each gradient is scaled to L1 norm 1 before they
// are added, so that the weight determines the influence of each: in a
// disentangled model the gradient of the reconstruction term is some hundred
// times larger than that of the classifier.
type Mixed struct {
	attacks.Common
	Weight   float32 `key:"weight" in:"[0,1]" default:".5" help:"of the training loss; the rest is the classification loss's"`
	Steps    int     `key:"steps" in:"[1,1e6]" default:"40" help:"for each start"`
	Alpha    float32 `key:"alpha" in:"[0,1]" default:"0" help:"size of a step; 0: 2.5 eps/steps"`
	Restarts int     `key:"restarts" in:"[1,1e4]" default:"1" help:"random starts"`
}

// Losses implements [attacks.Attack].
func (m *Mixed) Losses(attacks.Victim) []attacks.Loss {
	return []attacks.Loss{attacks.Classification, attacks.Training}
}

// Run ascends from random points of the ball.
func (m *Mixed) Run(o *attacks.Oracle) {
	eachStart(o, m.Restarts, func(_ int, o *attacks.Oracle) bool {
		ascent := gradientAscent{steps: m.Steps, alpha: stepSize(m.Alpha, o.Eps, m.Steps), lossGradient: m.lossGradient(o)}
		return ascent.run(o, o.RandomStart(o.Eps))
	})
}

// lossGradient is the classification loss with the weighted sum of both
// gradients.
func (m *Mixed) lossGradient(o *attacks.Oracle) func(x []float32) attacks.LossGradient {
	return func(x []float32) attacks.LossGradient {
		sum, training := o.AttackLoss(attacks.Classification, x), o.AttackLoss(attacks.Training, x)
		wc := (1 - m.Weight) / vector.AtLeastTiny(attacks.L1.Of(sum.Gradient))
		wt := m.Weight / vector.AtLeastTiny(attacks.L1.Of(training.Gradient))
		for i, v := range sum.Gradient {
			sum.Gradient[i] = wc*v + wt*training.Gradient[i]
		}
		return sum
	}
}
