package library

import (
	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "cw", Title: "Carlini–Wagner", Paper: "Carlini and Wagner 2017", Family: attacks.WhiteBox, Search: attacks.MinimumNorm, OwnNorm: attacks.L2,
	Battery: []attacks.Variant{{Rank: 240, Text: "cw(search=5,steps=1000)"}},
	New:     func() attacks.Attack { return new(CW) },
})

// CW is the L2 attack of Carlini and Wagner 2017 (section VI A): it minimises
//
//	|x'-x|² + c·max(0, Confidence - margin(x')),  x' = (tanh(w)+1)/2 in the box,
//
// over w by Adam, for weights c found by binary search; margins are in units of
// [attacks.LogitUnit]. All state belongs to one
// image: a search ends early by the loss of its own image, where the authors'
// code looks at the loss of the whole batch.
type CW struct {
	attacks.Common
	Search     int     `key:"search" in:"[1,100]" default:"9" help:"weights tried by binary search"`
	Steps      int     `key:"steps" in:"[1,1e6]" default:"10000" help:"steps for each weight"`
	Rate       float32 `key:"rate" in:"[1e-6,10]" default:"0.01" help:"learning rate of Adam"`
	Weight     float32 `key:"weight" in:"[1e-10,1e10]" default:"0.001" help:"first weight of the margin"`
	Confidence float32 `key:"confidence" in:"[0,1e6]" default:"0" help:"margin by which the wrong class has to lead"`
	Abort      bool    `key:"abort" default:"true" help:"end the search for a weight when the loss has not fallen over a tenth of the steps"`
}

// Losses implements [attacks.Attack].
func (a *CW) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{attacks.Margin} }

// Run minimises the loss for each weight of the binary search.
func (a *CW) Run(o *attacks.Oracle) {
	space, unit := newTanhSpace(o.Threat, o.Image), attacks.LogitUnit(o.Clean)
	adam := newAdamOptimizer(len(o.Image), a.Rate)
	nearest := newNearestClaim(o)
	w := newWeightSearch(a.Weight, a.Search)
	for range a.Search {
		space.reset()
		adam.reset()
		w.next(a.descend(o, space, adam, w.weight/unit, nearest))
		nearest.flush()
	}
}

// descend minimises the loss for one weight, and reports whether an iterate was
// misclassified with the wanted confidence.
func (a *CW) descend(o *attacks.Oracle, space *tanhSpace, adam *adamOptimizer, weight float64, nearest *nearestClaim) (found bool) {
	stall := newStallDetector(a.Abort, a.Steps)
	for i := range a.Steps {
		g := o.AttackLoss(attacks.Margin, space.x)
		shortfall := float64(a.Confidence - g.Loss)
		d := o.Distance(space.x)
		loss := d*d + weight*max(0, shortfall)
		o.RecordLoss(float32(loss))
		if shortfall <= 0 && o.ClearSuccess(g.Logits) {
			found = true
			nearest.offer(space.x)
		}
		if stall.isStalled(i, loss) {
			break
		}
		if shortfall <= 0 {
			clear(g.Gradient)
		}
		adam.step(space.w, space.gradient(g.Gradient, weight))
		space.update()
	}
	return found
}
