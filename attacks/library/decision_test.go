package library

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
)

// TestDecisionsOnLinear: on a linear classifier the distance of the boundary is
// known; decision attacks must come near it.
func TestDecisionsOnLinear(t *testing.T) {
	l := attacktest.NewLinear(4, 4, 4, 1, 2)
	for k := range l.Bias {
		l.Bias[k] = 0
		for i := range l.Weights[k] {
			l.Weights[k][i] *= .3
			l.Bias[k] -= .5 * l.Weights[k][i] // the boundary contains grey: the box does not matter
		}
	}
	set := l.Labelled(1, 8, .4, .6)
	for _, c := range []struct {
		attack string
		norm   attacks.Norm
		ratio  float64
	}{
		{"boundary(steps=5000)", attacks.L2, 1.15},
		{"hopskipjump(steps=12,start=noise)", attacks.L2, 1.05},
		{"hopskipjump(steps=12)", attacks.Linf, 1.25},
	} {
		list := attacktest.Parse(t, c.attack)
		ev := attacktest.Evaluate(t, attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(c.norm), list...), set, engine.Options{Attacks: list, Eps: []float32{.9}, Batch: 16, Exhaustive: true})
		for i, at := range ev.Attacks[0].Results {
			if !at.Done {
				continue
			}
			x := attacktest.Row(set.Pixels, i, 16)
			z := l.Logits(x)
			var size float64
			for j := range x {
				d := math.Abs(float64(l.Weights[0][j]) - float64(l.Weights[1][j]))
				if c.norm == attacks.L2 {
					d *= d
				}
				size += d
			}
			if c.norm == attacks.L2 {
				size = math.Sqrt(size)
			}
			best := math.Abs(z[0]-z[1]) / size
			if ratio := float64(at.Distance) / best; !(ratio >= .999 && ratio <= c.ratio) {
				t.Errorf("%s, image %d: distance %g is %g times the smallest, %g; want at most %g", c.attack, i, at.Distance, ratio, best, c.ratio)
			}
		}
	}
}

// TestEstimateNormal: the estimate on a linear boundary is its normal; if all points
// are on one side it still has unit norm.
func TestEstimateNormal(t *testing.T) {
	l := attacktest.NewLinear(4, 4, 4, 1, 2)
	runOnImages(t, l.Victim(), attacks.L2, l.Labelled(1, 4, .3, .7), nil, func(o *attacks.Oracle) {
		a := &HopSkipJump{}
		xp := startingPoint(o, "noise")
		if xp == nil {
			t.Fatalf("image %d: no start", o.Index)
		}
		x := searchBoundary(o, xp, attacks.L2, 1e-6)
		g := a.estimateNormal(o, x, 800, .1)
		want := l.Gradient(attacks.Margin, x, int32(o.Label))
		var ab, bb float64
		for i := range g {
			ab += float64(g[i]) * want[i]
			bb += want[i] * want[i]
		}
		if cos := ab / math.Sqrt(bb); cos < .95 {
			t.Errorf("image %d: cosine %g with the plane's normal", o.Index, cos)
		}
		if size := attacks.L2.Of(a.estimateNormal(o, xp, 20, 1e-6)); vector.Abs(size-1) > 1e-3 {
			t.Errorf("image %d: far from the boundary want a direction of length 1, got %g", o.Index, size)
		}
	})
}

// TestProposeStep: a move on the sphere keeps the distance and has the right size;
// the move towards the image shortens the distance by its share.
func TestProposeStep(t *testing.T) {
	o := newOracle(attacks.L2, 8, 8, 1, 1)
	x := slices.Clone(o.Image)
	for i := range x {
		x[i] += .05 * float32(o.Rand.NormFloat64())
	}
	w := &boundaryWalk{o: o, x: x, spherical: .2, inward: .1}
	for range 50 {
		proposal, onSphere, radius := w.proposeStep()
		if d := attacks.L2.Distance(onSphere, o.Image); math.Abs(d/radius-1) > 1e-4 {
			t.Fatalf("want a move on the sphere of radius %g, got distance %g", radius, d)
		}
		if d := attacks.L2.Distance(proposal, o.Image); math.Abs(d/radius-.9) > 1e-4 {
			t.Fatalf("want a step to %g, got distance %g", .9*radius, d)
		}
		// The tangent has length .2 radius: the chord back on the sphere is shorter.
		if d, want := attacks.L2.Distance(onSphere, x), 2*radius*math.Sin(math.Atan(.2)/2); math.Abs(d/want-1) > 1e-3 {
			t.Fatalf("want a move of %g, got %g", want, d)
		}
	}
}

// TestOutcomeWindow: sizes change if enough of the latest outcomes agree.
func TestOutcomeWindow(t *testing.T) {
	c := outcomeWindow{length: 10, low: .2, high: .5}
	var got []float64
	for i := range 35 {
		if f := c.add(i < 10 || i >= 20 && i%3 == 0, 2); f != 1 {
			got = append(got, float64(i), f)
		}
	}
	// Ten successes; ten failures; then a third, which is between.
	if want := []float64{9, 2, 19, .5}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("want %v, got %v", want, got)
	}
}
