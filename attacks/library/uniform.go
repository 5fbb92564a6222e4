package library

import "unwarp/attacks"

var _ = attacks.Register(attacks.Entry{
	Name: "uniform", Title: "uniform", Paper: "Rauber, Zimmermann, Bethge and Brendel 2020", Family: attacks.Baseline, Search: attacks.Ascending,
	Battery: []attacks.Variant{{Rank: 320, Text: "uniform"}},
	New:     func() attacks.Attack { return new(Uniform) },
})

// Uniform adds noise drawn uniformly from the ball, clipped to the box. It uses no
// gradient: an attack that follows one must find more examples. Foolbox draws 100
// times. In L2 and L1 nearly all of a ball of many dimensions is near its surface.
type Uniform struct {
	attacks.Common
	Draws int `key:"draws" in:"[1,1e9]" default:"100" help:"tries at each eps"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *Uniform) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run draws until a draw succeeds.
func (a *Uniform) Run(o *attacks.Oracle) {
	claimFirst(o, a.Draws, func(x []float32) { copy(x, o.RandomStart(o.Eps)) })
}
