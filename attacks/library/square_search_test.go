package library

import (
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
)

// scoring is a model that records which candidates a search sees, has as much room
// as it says, and adds to the scores of what is called rounded.
type scoring struct {
	attacks.Model
	free, all int
	rounded   bool
	wrong     float32 // added to the rounded score of another class
	flat      bool    // rounded scores are all but equal
	failing   bool    // scores are no numbers
	label     int
	seen      [][]float32
	precisely int
}

func (m *scoring) Room() (free, all int) { return m.free, m.all }
func (m *scoring) HasRounded() bool      { return m.rounded }

func (m *scoring) Scores(rounded bool, visit func(i int, logits []float32) bool, images ...[]float32) {
	m.Model.Scores(false, func(i int, z []float32) bool {
		m.seen = append(m.seen, slices.Clone(images[i]))
		if m.failing {
			z = slices.Repeat([]float32{float32(math.NaN())}, len(z))
		}
		if rounded {
			z = slices.Clone(z)
			z[(m.label+1)%len(z)] += m.wrong
			for k := range z {
				if m.flat && k != m.label {
					z[k] = z[m.label] - 1e-3
				}
			}
		} else {
			m.precisely++
		}
		return visit(i, z)
	}, images...)
}

// searchesOf makes Square's search of each image with models that differ.
func searchesOf(t *testing.T, norm attacks.Norm, eps float32, models ...scoring) (out [][]*scoring) {
	t.Helper()
	v := attacktest.Smooth(6, 6, 1, 5)
	set := attacktest.PredictedImages(t, attacktest.NewSession(t, v, attacktest.UnitBox(norm)), 6)
	for _, model := range models {
		var all []*scoring
		runOnImages(t, v, norm, set, nil, func(o *attacks.Oracle) {
			m := model
			m.Model, m.label = o.Model, o.Label
			o.Model, o.Eps = &m, eps
			(&Square{Queries: 150, P: .8, Restarts: 1}).Run(o)
			all = append(all, &m)
		})
		slices.SortFunc(all, func(a, b *scoring) int { return slices.Compare(a.seen[0], b.seen[0]) })
		out = append(out, all)
	}
	return out
}

// TestSquareAhead: the search is the same to the last bit however many candidates are
// scored in advance.
func TestSquareAhead(t *testing.T) {
	for norm, eps := range map[attacks.Norm]float32{attacks.Linf: .02, attacks.L2: .1, attacks.L1: .3} {
		all := searchesOf(t, norm, eps, scoring{free: 1, all: 1}, scoring{free: 1, all: 16}, scoring{free: 16, all: 16}, scoring{free: 5, all: 7})
		for _, other := range all[1:] {
			for i, m := range all[0] {
				if !slices.EqualFunc(m.seen, other[i].seen, slices.Equal) {
					t.Errorf("%s, room for %d: search %d saw %d candidates, want the same %d", norm, other[i].all, i, len(other[i].seen), len(m.seen))
				}
			}
		}
		if n := len(all[0][0].seen); n < 20 {
			t.Errorf("%s: want searches that go on for a while, got %d candidates", norm, n)
		}
	}
}

// TestSquareRounded: where rounded scores show a success that the referee refuses, or
// come near the boundary, the search goes on with those of the reference model, and
// its course is that of one which had them from the start.
func TestSquareRounded(t *testing.T) {
	all := searchesOf(t, attacks.Linf, .02, scoring{free: 4, all: 4}, scoring{free: 4, all: 4, rounded: true},
		scoring{free: 4, all: 4, rounded: true, wrong: 1e3}, scoring{free: 4, all: 4, rounded: true, flat: true})
	for i, m := range all[0] {
		if got := all[1][i]; got.precisely == len(got.seen) {
			t.Errorf("search %d: want rounded scores far from the boundary, got all %d precise", i, len(got.seen))
		}
		for _, near := range all[2:] {
			if got := near[i]; !slices.EqualFunc(m.seen, got.seen[1:], slices.Equal) || got.precisely != len(got.seen)-1 {
				t.Errorf("search %d: want the first candidate twice and then the same %d, got %d, %d of them precisely", i, len(m.seen), len(got.seen), got.precisely)
			}
		}
	}
}

// TestSquareWithoutScores: a model whose logits are no numbers is asked about all
// candidates, which lie in the ball, and the search ends.
func TestSquareWithoutScores(t *testing.T) {
	for _, all := range searchesOf(t, attacks.Linf, .02, scoring{free: 1, all: 1, failing: true}, scoring{free: 4, all: 4, rounded: true, failing: true}) {
		for i, m := range all {
			if n := len(m.seen); n < 2 || n > 151 {
				t.Errorf("search %d: want one that goes on after the first candidate, and ends, got %d candidates", i, n)
			}
			for _, x := range m.seen[1:] {
				for k, v := range x {
					if d := v - m.seen[0][k]; d < -.041 || d > .041 {
						t.Fatalf("search %d: want candidates in the ball of radius .02, got %g beside %g", i, v, m.seen[0][k])
					}
				}
			}
		}
	}
}
