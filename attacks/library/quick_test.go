package library

import (
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
)

// TestMALTOrder: on a linear net the distance of each boundary is known in float64.
// Targets are ordered by it, in the norm of the threat, among the candidates.
func TestMALTOrder(t *testing.T) {
	l := attacktest.NewLinear(7, 4, 3, 1, 6)
	set := l.Labelled(2, 12, 0, 1)
	for _, norm := range attacks.Threats {
		differs := 0
		runOnImages(t, l.Victim(), norm, set, (&MALT{}).Losses(l.Victim()), func(o *attacks.Oracle) {
			z := l.Logits(o.Image)
			distance := func(k int) float64 {
				g := make([]float32, len(o.Image))
				for i := range g {
					g[i] = l.Weights[o.Label][i] - l.Weights[k][i]
				}
				return (z[o.Label] - z[k]) / float64(norm.Dual().Of(g))
			}
			want := targetClasses(o, 4)
			byLogit := slices.Clone(want)
			slices.SortFunc(want, func(a, b int) int {
				if distance(a) < distance(b) {
					return -1
				}
				return 1
			})
			got := (&MALT{Targets: 3, Candidates: 4}).nearestClasses(o)
			if !slices.Equal(got, want[:3]) {
				t.Errorf("%s, image %d: want targets %v, got %v", norm, o.Index, want[:3], got)
			}
			if !slices.Equal(want, byLogit) {
				differs++
			}
		})
		if differs == 0 {
			t.Errorf("%s: want an order that is not that of the logits, got none", norm)
		}
	}
}

// iterates is a model without successes that records the points whose gradient is
// asked; the gradient is 1 everywhere.
type iterates struct {
	attacks.Model
	points []float32
}

func (m *iterates) BeginStart()              {}
func (m *iterates) RecordLoss(float32)       {}
func (m *iterates) Confirm(...[]float32) int { return -1 }
func (m *iterates) LossGradients(_ attacks.Loss, r ...attacks.Request) []attacks.LossGradient {
	m.points = append(m.points, r[0].Image[0])
	return []attacks.LossGradient{{Logits: []float32{1, 0}, Gradient: []float32{1}}}
}

// TestPMASteps: steps shrink along a quarter of a cosine from eps/4.
func TestPMASteps(t *testing.T) {
	o := newOracle(attacks.Linf, 1, 1, 1, .3)
	o.Image[0], o.Classes = .1, 2
	m := &iterates{}
	o.Model = m
	(&PMA{Steps: 5, Restarts: 1, Alpha: .02}).Run(o)
	for i, x := range m.points[1:] {
		want := .02 * math.Cos(math.Pi/10*float64(i))
		if got := float64(x - m.points[i]); math.Abs(got-want) > 1e-6 {
			t.Errorf("step %d: want %g, got %g", i, want, got)
		}
	}
	if p := (&PMA{Steps: 5}).Plan(.4, attacks.Linf); len(m.points) != 5 || p.Size != .1 {
		t.Errorf("want 5 points and a first step of eps/4, got %d and %g", len(m.points), p.Size)
	}
}

// TestFABReadsGradientPass: where logits may come from gradient passes no more
// passes are made than where each step has one for them, and the distances are equal.
func TestFABReadsGradientPass(t *testing.T) {
	v := attacktest.Smooth(6, 6, 1, 5)
	set := attacktest.PredictedImages(t, attacktest.NewSession(t, v, attacktest.UnitBox(attacks.Linf)), 8)
	for _, targets := range []int{0, 1} {
		var distances [2][]float64
		var forward [2]int
		for k, rounded := range []bool{false, true} {
			runOnImages(t, v, attacks.Linf, set, []attacks.Loss{attacks.Linear}, func(o *attacks.Oracle) {
				r := recorderOf(o)
				o.Model = &scoring{Model: r, rounded: rounded}
				o.Norm, o.Eps, o.Radii = attacks.Linf, float32(math.Inf(1)), []float32{1e-6}
				(&FAB{Targets: targets, Steps: 30, Restarts: 1, AlphaMax: .1, Eta: 1.05, Beta: .9}).Run(o)
				distances[k], forward[k] = append(distances[k], o.BestDistance()), forward[k]+r.forward
			})
		}
		slices.Sort(distances[0])
		slices.Sort(distances[1])
		for i, d := range distances[1] {
			if got := distances[0][i]; math.Abs(got-d) > .01*d {
				t.Errorf("targets=%d: want distance %g, got %g", targets, d, got)
			}
		}
		if forward[0] > forward[1] {
			t.Errorf("targets=%d: want at most %d forward passes, got %d", targets, forward[1], forward[0])
		}
	}
}
