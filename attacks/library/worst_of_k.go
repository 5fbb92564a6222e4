package library

import (
	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "worst-of-k", Title: "worst of k", Paper: "Engstrom, Tran, Tsipras, Schmidt and Madry 2019", Family: attacks.Decision, Search: attacks.Ascending,
	Terms: append([]string{"field"}, affineTerms...), UsualThreat: usualAffine,
	Geometric: []attacks.Variant{{Rank: 20, Text: "worst-of-k"}},
	New:       func() attacks.Attack { return new(WorstOfK) },
})

// WorstOfK draws changes uniformly within the threat, at every size anew, and
// keeps the smallest that is misclassified. The paper draws 10.
type WorstOfK struct {
	attacks.Common
	Draws int `key:"draws" in:"[1,1e6]" default:"10" help:"number of changes drawn at each size, the paper's k"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *WorstOfK) Losses(attacks.Victim) []attacks.Loss { return nil }

// CheckThreat implements [attacks.ThreatChecker].
func (a *WorstOfK) CheckThreat(t attacks.Threat) error { return refuseWhole(t) }

// Run draws and tries.
func (a *WorstOfK) Run(o *attacks.Oracle) {
	g := o.Threat.GeometryAt(o.Eps)
	if g.IsField() {
		a.tryFields(o)
		return
	}
	for left := a.Draws; left > 0; left -= candidateChunk {
		all := make([][]float64, min(left, candidateChunk))
		for i := range all {
			all[i] = drawParameters(o.Rand, g)
		}
		if claimSmallest(o, all) {
			return
		}
	}
}

// tryFields is Run of a threat of fields.
func (a *WorstOfK) tryFields(o *attacks.Oracle) {
	g := o.Threat.GeometryAt(o.Eps)
	const few = 10 // fields held at once
	for left, found := a.Draws, false; left > 0 && !found; left -= few {
		fields := make([][]float32, min(left, few))
		scoreCandidates(o, len(fields), func(i int, x []float32) {
			fields[i] = drawField(o.Rand, g, o.H, o.W)
			o.Apply(x, attacks.Transform{Field: fields[i]})
		}, func(i int, _, z []float32) bool {
			found = o.Success(z) && o.ClaimTransform(attacks.Transform{Field: fields[i]})
			return !found
		})
	}
}
