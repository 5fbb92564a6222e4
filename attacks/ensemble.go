package attacks

import (
	"cmp"
	"slices"
)

// Variant is an attack with settings as a member of an ensemble. Members run in
// the order of their ranks.
type Variant struct {
	Rank int
	Text string // as [Parse] reads it
}

// Ensembles are lists of attacks with a name of their own: standard is
// AutoAttack (Croce and Hein 2020) with its settings, quick a short form that
// leaves nearly the same images in a fraction of its time, battery all attacks
// but fmn-l0 and transfer, the cheap and strong first: later attacks run only where these find nothing.
// Attacks that would take hours are given fewer steps.
var Ensembles = []string{"battery", "quick", "standard"}

// Ensemble lists the members of the named ensemble, as [Parse] reads them;
// false for another name.
func Ensemble(name string) ([]string, bool) {
	if !slices.Contains(Ensembles, name) {
		return nil, false
	}
	var members []Variant
	for _, e := range Catalogue() {
		members = append(members, map[string][]Variant{"battery": e.Battery, "quick": e.Quick, "standard": e.Standard}[name]...)
	}
	slices.SortFunc(members, func(a, b Variant) int { return cmp.Compare(a.Rank, b.Rank) })
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m.Text
	}
	return out, true
}

// GeometricEnsemble lists the members of the ensemble standard for a geometric
// threat: those that are defined for it, the cheap first.
func GeometricEnsemble(t Threat) []string {
	var members []Variant
	for _, e := range Catalogue() {
		for _, v := range e.Geometric {
			if a, err := Parse(v.Text); err == nil && CheckThreat(a, t) == nil {
				members = append(members, v)
			}
		}
	}
	slices.SortFunc(members, func(a, b Variant) int { return cmp.Compare(a.Rank, b.Rank) })
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m.Text
	}
	return out
}
