package library

import "unwarp/attacks"

var _ = attacks.Register(attacks.Entry{
	Name: "apgd-t", Title: "APGD-T", Paper: "Croce and Hein 2020; in L1 Croce and Hein 2021", Family: attacks.WhiteBox,
	Standard: []attacks.Variant{{Rank: 20, Text: "apgd-t"}},
	Battery:  []attacks.Variant{{Rank: 110, Text: "apgd-t"}},
	New:      func() attacks.Attack { return new(APGDT) },
})

// APGDT is APGD on the targeted DLR loss (Croce and Hein 2020, section 5.2): one
// search for each of the classes with the largest logits on the clean image, but
// the label: for the first alone, and then for the others side by side. Any class
// other than the label counts as success. All constants are those of AutoAttack.
// With a target class it is the only one.
type APGDT struct {
	attacks.Common
	Targets  int     `key:"targets" in:"[0,1e6]" default:"0" help:"number of target classes; 0: 9, and 5 in l1, as AutoAttack has; at most all others"`
	Steps    int     `key:"steps" in:"[1,1e5]" default:"100" help:"of each start"`
	Restarts int     `key:"restarts" in:"[1,1e6]" default:"1" help:"number of starts for each class"`
	Rho      float32 `key:"rho" in:"[0,1]" default:".75" help:"share of the steps that must have raised the loss"`
	Narrow   bool    `key:"narrow" default:"true" help:"in l1, spend 30 % of the steps at 3 eps and 30 % at 2 eps"`
}

// Losses implements [attacks.Attack].
func (a *APGDT) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{attacks.TargetedDLR} }

// CheckClasses refuses fewer than 4 classes, for which the loss is not defined.
func (a *APGDT) CheckClasses(classes int) error { return attacks.TargetedDLR.CheckClasses(classes) }

// Run ascends towards each target class until an iterate succeeds.
func (a *APGDT) Run(o *attacks.Oracle) {
	settings := apgdSettings{a.Steps, float64(a.Rho), a.Narrow}
	targets := targetClasses(o, a.targetsIn(o.Threat.Norm))
	eachStart(o, len(targets)*a.Restarts, func(i int, o *attacks.Oracle) bool {
		return settings.ascend(o, targetedDLR(o, targets[i/a.Restarts]))
	})
}

// targetedDLR is the lossGradient that evaluates the targeted DLR loss.
func targetedDLR(o *attacks.Oracle, target int) func(x []float32) attacks.LossGradient {
	return func(x []float32) attacks.LossGradient {
		return o.LossGradients(attacks.TargetedDLR, attacks.Request{Image: x, Label: o.Label, Target: target})[0]
	}
}

// targetsIn is the number of target classes in norm n: AutoAttack's, unless one
// is given.
func (a *APGDT) targetsIn(n attacks.Norm) int {
	switch {
	case a.Targets > 0:
		return a.Targets
	case n == attacks.L1:
		return 5
	}
	return 9
}
