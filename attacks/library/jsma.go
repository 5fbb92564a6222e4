package library

import (
	"errors"
	"slices"

	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "jsma", Title: "JSMA", Paper: "Papernot, McDaniel, Jha, Fredrikson, Celik and Swami 2016", Family: attacks.WhiteBox, Search: attacks.MinimumNorm, OwnNorm: attacks.L0,
	Battery: []attacks.Variant{{Rank: 260, Text: "jsma"}},
	New:     func() attacks.Attack { return new(JSMA) },
})

// JSMA is the Jacobian-based saliency map attack of Papernot et al. 2016
// (algorithms 2 and 3): it changes two values at a time, those that increase the
// target's logit and decrease the others most. A value leaves the search when it
// meets the box; the search ends when the share Gamma of all values has changed.
// Without a target it tries each other class in turn, the likeliest first, with
// fewer changes than the best example so far. Logits are used, as by the authors.
type JSMA struct {
	attacks.Common
	Theta float32 `key:"theta" in:"[-1,1]" default:"1" help:"change of a value, positive or negative"`
	Gamma float32 `key:"gamma" in:"[0,1]" default:"0.145" help:"share of the values that may change"`
}

// Validate refuses a change of zero.
func (a *JSMA) Validate() error {
	if a.Theta == 0 {
		return errors.New("theta: want a change that is not 0")
	}
	return nil
}

// Losses implements [attacks.Attack]: the target's logit, and the sum of all
// others.
func (a *JSMA) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{attacks.Linear} }

// Run attacks towards the target, or towards each other class.
func (a *JSMA) Run(o *attacks.Oracle) {
	m := &saliencyMap{}
	for _, target := range targetClasses(o, o.Classes) {
		a.attackTarget(o, m, target)
	}
}

// attackTarget changes pairs of values until the class is target, or another that
// counts as success.
func (a *JSMA) attackTarget(o *attacks.Oracle, m *saliencyMap, target int) {
	limit := float64(a.Gamma) * float64(len(o.Image))
	targetLogit, otherLogits := make([]float32, o.Classes), make([]float32, o.Classes)
	for k := range otherLogits {
		otherLogits[k] = 1
	}
	targetLogit[target], otherLogits[target] = 1, 0
	x := slices.Clone(o.Image)
	for changed := 0.; changed+2 <= min(limit, o.BestDistance()-1); changed = o.Distance(x) {
		g := o.LossGradients(attacks.Linear, attacks.Request{Image: x, Cotangent: targetLogit}, attacks.Request{Image: x, Cotangent: otherLogits})
		o.RecordLoss(g[0].Loss)
		if o.ClearSuccess(g[0].Logits) && o.Claim(x) {
			return
		}
		p, q, ok := m.bestPair(g[0].Gradient, g[1].Gradient, a.Theta, func(i int) bool { return a.canMove(o.Threat, x[i]) })
		if !ok {
			return
		}
		for _, i := range [2]int{p, q} {
			x[i] = min(max(x[i]+a.Theta, o.Threat.Lo), o.Threat.Hi)
		}
	}
	if o.ClearSuccess(o.Logits(x)[0]) && o.Distance(x) < o.BestDistance() {
		o.Claim(x)
	}
}

// canMove reports whether a value has room to change.
func (a *JSMA) canMove(t attacks.Threat, v float32) bool {
	if a.Theta > 0 {
		return v < t.Hi
	}
	return v > t.Lo
}
