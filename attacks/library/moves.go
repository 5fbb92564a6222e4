package library

import (
	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "moves", Title: "all whole-pixel moves", Paper: "Engstrom, Tran, Tsipras, Schmidt and Madry 2019", Family: attacks.Decision, Search: attacks.MinimumNorm,
	Terms: []string{"translate"}, UsualThreat: "translate(3px,whole)",
	Geometric: []attacks.Variant{{Rank: 10, Text: "moves"}},
	New:       func() attacks.Attack { return new(Moves) },
})

// Moves tries every translation by whole pixels, from the nearest on. Of a threat
// of whole pixels these are all changes, so that its figures are exact: what it
// leaves cannot be misclassified.
type Moves struct{ attacks.Common }

// Losses implements [attacks.Attack]; there are none.
func (a *Moves) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run tries all moves within the largest size at which no example is known.
func (a *Moves) Run(o *attacks.Oracle) {
	g := o.Threat.GeometryAt(o.Radii[len(o.Radii)-1])
	g.Whole = true
	claimSmallest(o, g.Moves())
}
