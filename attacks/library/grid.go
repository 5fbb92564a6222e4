package library

import (
	"fmt"

	"unwarp/attacks"
	"unwarp/attacks/geometry"
)

var _ = attacks.Register(attacks.Entry{
	Name: "grid", Title: "grid", Paper: "Engstrom, Tran, Tsipras, Schmidt and Madry 2019", Family: attacks.Decision, Search: attacks.Ascending,
	Terms: affineTerms, UsualThreat: usualAffine,
	Geometric: []attacks.Variant{{Rank: 40, Text: "grid"}},
	New:       func() attacks.Attack { return new(Grid) },
})

// Grid tries all combinations of a grid of parameters, which reaches to the limits
// of the threat at each size, from the smallest combination on. The defaults are
// the paper's: 31 angles and 5 moves along each side, 775 in all.
type Grid struct {
	attacks.Common
	Points int `key:"points" in:"[1,1e4]" default:"31" help:"of the grid along an angle, a scale or a shear"`
	Moves  int `key:"moves" in:"[1,1e3]" default:"5" help:"of the grid along each side"`
}

// mostCombinations is the largest size of a grid: it is made for each image under
// attack.
const mostCombinations = 20000

// Losses implements [attacks.Attack]; there are none.
func (a *Grid) Losses(attacks.Victim) []attacks.Loss { return nil }

// CheckThreat implements [attacks.ThreatChecker].
func (a *Grid) CheckThreat(t attacks.Threat) error {
	if n := a.size(t.Geometry); n > mostCombinations {
		return fmt.Errorf("want a grid of at most %d combinations, got %d: lower points or moves", mostCombinations, n)
	}
	return refuseWhole(t)
}

// Run tries all combinations.
func (a *Grid) Run(o *attacks.Oracle) { claimSmallest(o, a.combinations(o.Threat.GeometryAt(o.Eps))) }

// along is the number of points along a parameter.
func (a *Grid) along(p geometry.Parameter) int {
	if p.Name == "dx" || p.Name == "dy" {
		return a.Moves
	}
	return a.Points
}

// size is the number of combinations, at most one more than is allowed.
func (a *Grid) size(g geometry.Threat) int {
	n := 1
	for _, p := range g.Parameters() {
		n = min(n*a.along(p), mostCombinations+1)
	}
	return n
}

// combinations are those of the grid within a threat.
func (a *Grid) combinations(g geometry.Threat) [][]float64 {
	all := [][]float64{nil}
	for _, p := range g.Parameters() {
		var longer [][]float64
		n := a.along(p)
		for _, begin := range all {
			for i := range n {
				longer = append(longer, append(begin[:len(begin):len(begin)], p.Limit*gridPoint(i, n)))
			}
		}
		all = longer
	}
	return all
}

// gridPoint is point i of n equidistant points from -1 to 1; 0 if there is one.
func gridPoint(i, n int) float64 {
	if n == 1 {
		return 0
	}
	return 2*float64(i)/float64(n-1) - 1
}
