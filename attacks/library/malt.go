package library

import (
	"cmp"
	"math"
	"slices"

	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "malt", Title: "MALT", Paper: "Melamed, Yehudai and Shamir 2024", Family: attacks.WhiteBox,
	Quick:   []attacks.Variant{{Rank: 20, Text: "malt(targets=2)"}},
	Battery: []attacks.Variant{{Rank: 136, Text: "malt"}},
	New:     func() attacks.Attack { return new(MALT) },
})

// MALT is mesoscopic almost linearity targeting of Melamed, Yehudai and Shamir 2024:
// APGD on the targeted DLR loss, as [APGDT], towards the classes whose boundary is
// nearest if the model is linear from the image on. Of the Candidates with the
// largest logits, those are targets for which
//
//	(z_y - z_t) / ‖∇(z_y - z_t)‖
//
// is least, in the dual norm of the threat, at the clean image. With no more classes
// than targets only their order differs from that of APGD-T.
type MALT struct {
	attacks.Common
	Targets    int     `key:"targets" in:"[1,1e6]" default:"9" help:"number of target classes, at most all others"`
	Candidates int     `key:"candidates" in:"[1,1e6]" default:"100" help:"classes with the largest logits, whose gradients are compared"`
	Steps      int     `key:"steps" in:"[1,1e5]" default:"100" help:"of each start"`
	Restarts   int     `key:"restarts" in:"[1,1e6]" default:"1" help:"number of starts for each class"`
	Rho        float32 `key:"rho" in:"[0,1]" default:".75" help:"share of the steps that must have raised the loss"`
	Narrow     bool    `key:"narrow" default:"true" help:"in l1, spend 30 % of the steps at 3 eps and 30 % at 2 eps"`
}

// Losses implements [attacks.Attack].
func (a *MALT) Losses(attacks.Victim) []attacks.Loss {
	return []attacks.Loss{attacks.TargetedDLR, attacks.Linear}
}

// CheckClasses refuses fewer than 4 classes, for which the loss is not defined.
func (a *MALT) CheckClasses(classes int) error { return attacks.TargetedDLR.CheckClasses(classes) }

// Run ascends towards each target class until an iterate succeeds.
func (a *MALT) Run(o *attacks.Oracle) {
	targets := []int{o.Target}
	if o.Target < 0 {
		targets = a.nearestClasses(o)
	}
	settings := apgdSettings{a.Steps, float64(a.Rho), a.Narrow}
	eachStart(o, len(targets)*a.Restarts, func(i int, o *attacks.Oracle) bool {
		return settings.ascend(o, targetedDLR(o, targets[i/a.Restarts]))
	})
}

// nearestClasses are the targets, the one whose boundary is nearest first. They are
// the same at every radius.
func (a *MALT) nearestClasses(o *attacks.Oracle) []int {
	if known, ok := o.Memo.([]int); ok {
		return known
	}
	classes := targetClasses(o, a.Candidates)
	b := newLinearBoundaries(o, classes)
	for i := range b.requests {
		b.requests[i].Image = o.Image
	}
	distance := map[int]float64{}
	for i, g := range o.LossGradients(attacks.Linear, b.requests...) {
		distance[classes[i]] = math.Inf(1)
		if slope := float64(o.Threat.Norm.Dual().Of(g.Gradient)); slope > 0 {
			distance[classes[i]] = -float64(g.Loss) / slope
		}
	}
	slices.SortStableFunc(classes, func(k, l int) int { return cmp.Compare(distance[k], distance[l]) })
	classes = classes[:min(a.Targets, len(classes))]
	o.Memo = classes
	return classes
}
