package library

import (
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "deepfool", Title: "DeepFool", Paper: "Moosavi-Dezfooli, Fawzi and Frossard 2016", Family: attacks.WhiteBox, Search: attacks.MinimumNorm,
	Norms:   []attacks.Norm{attacks.Linf, attacks.L2},
	Battery: []attacks.Variant{{Rank: 210, Text: "deepfool"}},
	New:     func() attacks.Attack { return new(DeepFool) },
})

// DeepFool steps to the nearest linearised boundary between the label and another
// class until the class changes (Moosavi-Dezfooli, Fawzi and Frossard 2016,
// algorithm 2; in L∞ with the steps of their section 3.3). The sum of the steps
// is lengthened by the share Overshoot. Towards a target each step is to the
// farthest of the boundaries around the target's region. As in the authors' code
// each step is longer by 1e-4, or the last would end on the boundary.
type DeepFool struct {
	attacks.Common
	Steps      int     `key:"steps" in:"[1,1e6]" default:"50" help:"at most"`
	Candidates int     `key:"candidates" in:"[2,1e6]" default:"10" help:"classes considered: the likeliest of the clean image"`
	Overshoot  float32 `key:"overshoot" in:"[0,10]" default:"0.02" help:"share by which the sum of steps is lengthened"`
}

// Losses implements [attacks.Attack]: the difference of two logits.
func (a *DeepFool) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{attacks.Linear} }

// Run steps to the nearest boundary until x is misclassified.
func (a *DeepFool) Run(o *attacks.Oracle) {
	rivals := rivalClasses(o)
	boundaries := newLinearBoundaries(o, rivals[:min(len(rivals), a.Candidates-1)])
	x, total := slices.Clone(o.Image), make([]float32, len(o.Image))
	for range a.Steps {
		g, distance := boundaries.nearest(x, o.Norm)
		if g.Gradient == nil {
			return // no boundary has a gradient
		}
		o.RecordLoss(g.Loss)
		o.Threat.Steepest(g.Gradient, g.Gradient)
		vector.AXPY(total, total, float32(distance+1e-4), g.Gradient)
		vector.AXPY(x, o.Image, 1+a.Overshoot, total)
		o.Threat.Clip(x)
		if o.ClearSuccess(o.Logits(x)[0]) && o.Claim(x) {
			return
		}
	}
}
