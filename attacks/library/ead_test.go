package library

import (
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/vector"
)

// TestShrinkageStep: a step minimises (v-z)²/2 + Beta·|v-clean| over the box, where z
// is the result of a plain gradient step.
func TestShrinkageStep(t *testing.T) {
	a := &EAD{Beta: .1}
	clean := []float32{.5, .5, .5, .5, 0, 1, .05, .5}
	y := []float32{.5, .65, .3, .55, .3, 1.3, -.2, .5}
	margin := []float32{1, -1, .5, .1, 2, 3, -2, 0}
	const rate, weight = .2, 1.5
	o := &attacks.Oracle{Problem: attacks.Problem{Image: clean, Threat: attacktest.UnitBox(attacks.L1)}}
	s := &fista{o: o, x: slices.Clone(clean), y: slices.Clone(y)}
	a.shrinkageStep(s, margin, rate, weight, .5)
	for i := range clean {
		z := float64(y[i]) - rate*(2*float64(y[i]-clean[i])-weight*float64(margin[i]))
		best, at := math.Inf(1), 0.
		for k := range 100001 {
			v := float64(k) / 1e5
			if cost := (v-z)*(v-z)/2 + .1*math.Abs(v-float64(clean[i])); cost < best {
				best, at = cost, v
			}
		}
		if math.Abs(float64(s.x[i])-at) > 2e-5 {
			t.Errorf("value %d: want %g, got %g", i, at, s.x[i])
		}
		if want := s.x[i] + .5*(s.x[i]-clean[i]); vector.Abs(s.y[i]-want) > 1e-6 {
			t.Errorf("value %d: want momentum to lead to %g, got %g", i, want, s.y[i])
		}
	}
}
