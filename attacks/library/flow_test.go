package library

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// TestTotalVariation compares it with a sum over all pairs of pixels, and its
// gradient with finite differences.
func TestTotalVariation(t *testing.T) {
	const h, w = 4, 3
	r := rand.New(rand.NewPCG(1, 2))
	field, g, spare := make([]float64, 2*h*w), make([]float64, 2*h*w), make([]float64, 2*h*w)
	for i := range field {
		field[i] = r.NormFloat64()
	}
	field[2], field[3] = field[0], field[1] // two are equal
	var want float64
	for i := range h * w {
		for j := range h * w {
			if dy, dx := i/w-j/w, i%w-j%w; dy*dy+dx*dx == 1 {
				want += math.Hypot(field[2*i]-field[2*j], field[2*i+1]-field[2*j+1])
			}
		}
	}
	if got := totalVariation(g, field, h, w); math.Abs(got-want) > 1e-9 {
		t.Errorf("want %g, got %g", want, got)
	}
	for i := 4; i < len(field); i++ {
		v := field[i]
		field[i] = v + 1e-6
		up := totalVariation(spare, field, h, w)
		field[i] = v - 1e-6
		down := totalVariation(spare, field, h, w)
		field[i] = v
		if d := (up - down) / 2e-6; math.Abs(d-g[i]) > 1e-5 {
			t.Errorf("gradient %d: want %g, got %g", i, d, g[i])
		}
	}
	if slices.ContainsFunc(g, math.IsNaN) {
		t.Error("equal displacements give NaN")
	}
}

// TestFlowSucceeds: flows succeed on a linear classifier, flows of a small fraction
// of a pixel less often, and neither makes values that the image does not have.
func TestFlowSucceeds(t *testing.T) {
	l := attacktest.NewLinear(3, 6, 6, 1, 3)
	set := l.Labelled(2, 8, .3, .7)
	list := attacktest.Parse(t, "flow(steps=100)", "flow(steps=100,most=.02)")
	ev := attacktest.Evaluate(t, attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(attacks.Linf), list...), set, engine.Options{Attacks: list, Eps: []float32{1}, Batch: 16, Exhaustive: true})
	if free, bound := ev.MisclassifiedCount(0, 1), ev.MisclassifiedCount(1, 1); free == 0 || bound >= free {
		t.Errorf("want images misclassified after a flow, and fewer after one of at most .02 pixels: got %d and %d of %d", free, bound, ev.CleanCorrect)
	}
	for i, at := range ev.Attacks[0].Results {
		// A warp only reads values between the image's own.
		if at.Image == nil {
			continue
		}
		before := attacktest.Row(set.Pixels, i, 36)
		if slices.Min(at.Image) < slices.Min(before)-1e-6 || slices.Max(at.Image) > slices.Max(before)+1e-6 {
			t.Errorf("image %d: want values within those of the image, got others", i)
		}
	}
}
