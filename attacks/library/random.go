package library

import (
	"math"

	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "random", Title: "random signs, no gradient", Family: attacks.Baseline, Search: attacks.Ascending,
	Battery: []attacks.Variant{{Rank: 10, Text: "random(draws=10)"}},
	New:     func() attacks.Attack { return new(Random) },
})

// Random changes every value by ±eps with random signs, the same signs at every
// eps; in L2 and L1 by as much as the ball allows. It uses no gradient: an attack
// that follows one must find more examples, or its gradient says nothing about
// the classifier.
type Random struct {
	attacks.Common
	Draws int `key:"draws" in:"[1,1e6]" default:"1" help:"tries at each eps"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *Random) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run claims each draw until one succeeds.
func (a *Random) Run(o *attacks.Oracle) {
	for range a.Draws {
		if o.Claim(a.draw(o)) {
			return
		}
	}
}

// draw is the image with random signs added, scaled to norm eps.
func (a *Random) draw(o *attacks.Oracle) []float32 {
	change := o.Eps
	switch o.Threat.Norm {
	case attacks.L2:
		change /= float32(math.Sqrt(float64(len(o.Image))))
	case attacks.L1:
		change /= float32(len(o.Image))
	}
	x := make([]float32, len(o.Image))
	for i, v := range o.Image {
		x[i] = v + randomSign(o.Rand)*change
	}
	o.Threat.Project(x, o.Image, o.Eps)
	return x
}
