package library

import (
	"unwarp/attacks"
	"unwarp/attacks/geometry"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "field-pgd", Title: "ascent on fields", Paper: "Xiao, Zhu, Li, He, Liu and Song 2018", Family: attacks.WhiteBox, Search: attacks.Bisection,
	Terms: []string{"field"}, UsualThreat: "field(2px,smooth)",
	Geometric: []attacks.Variant{{Rank: 30, Text: "field-pgd"}},
	New:       func() attacks.Attack { return new(FieldPGD) },
})

// FieldPGD moves each pixel on its own (spatially transformed examples, Xiao et
// al. 2018): projected gradient ascent on the field of displacements, whose
// gradient goes through the bilinear interpolation, as that of a warp in the graph
// does. Each displacement goes along the sign of its gradient, steps shrink
// linearly to a tenth, and the field is brought back into the threat, so also to
// its smoothness ([geometry.Threat.FitField]). The first start is the clean image,
// others are random fields. Where a field must be smooth, every second start follows
// gradients added up over a neighbourhood, which moves together. The paper minimises the total variation instead of
// bounding displacements.
type FieldPGD struct {
	attacks.Common
	Loss     attacks.Loss `key:"loss" default:"margin" help:"whose gradient is followed"`
	Steps    int          `key:"steps" in:"[1,1e6]" default:"50" help:"of each start"`
	Restarts int          `key:"restarts" in:"[1,1e4]" default:"2" help:"number of starts"`
	Step     float32      `key:"step" in:"(0,2]" default:".25" help:"size of the first step, as a share of the largest displacement"`
	Reach    int          `key:"reach" in:"[0,64]" default:"2" help:"pixels around whose gradients are added up, of a smooth field in every second start"`
}

// Losses implements [attacks.Attack].
func (a *FieldPGD) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{a.Loss} }

// CheckClasses refuses too few classes for the loss.
func (a *FieldPGD) CheckClasses(classes int) error { return a.Loss.CheckClasses(classes) }

// Plan implements [attacks.Stepper].
func (a *FieldPGD) Plan(eps float32, _ attacks.Norm) attacks.StepPlan {
	return attacks.StepPlan{Loss: a.Loss, Steps: a.Steps, Size: a.Step * eps, Restarts: a.Restarts, CleanStart: true}
}

// Run makes the starts.
func (a *FieldPGD) Run(o *attacks.Oracle) {
	g := o.Threat.GeometryAt(o.Eps)
	eachStart(o, a.Restarts, func(s int, o *attacks.Oracle) bool {
		field := make([]float32, 2*o.H*o.W)
		if s > 0 {
			field = drawField(o.Rand, g, o.H, o.W)
		}
		reach := 0
		if s%2 == 1 && g.Smooth > 0 {
			reach = a.Reach
		}
		return a.ascend(o, g, field, reach)
	})
}

// ascend makes the steps of one start from field, in place, until an iterate
// succeeds.
func (a *FieldPGD) ascend(o *attacks.Oracle, g geometry.Threat, field []float32, reach int) bool {
	o.BeginStart()
	x, byField := make([]float32, len(o.Image)), make([]float32, len(field))
	for k := range a.Steps {
		o.Apply(x, attacks.Transform{Field: field})
		loss := o.AttackLoss(a.Loss, x)
		o.RecordLoss(loss.Loss)
		if o.Success(loss.Logits) && o.ClaimTransform(attacks.Transform{Field: field}) {
			return true
		}
		if reach > 0 {
			geometry.WarpGradientAcross(byField, o.Image, field, loss.Gradient, o.H, o.W, o.C, g.GraphBorder(), geometry.Kink)
		} else {
			geometry.WarpGradient(byField, o.Image, field, loss.Gradient, o.H, o.W, o.C, g.GraphBorder())
		}
		step := float32(shrinking(float64(a.Step), k, a.Steps) * g.Field)
		for i, v := range geometry.SumAround(byField, o.H, o.W, reach) {
			field[i] += step * vector.Sign(v)
		}
		g.FitField(field, o.H, o.W)
	}
	return o.ClaimTransform(attacks.Transform{Field: field})
}
