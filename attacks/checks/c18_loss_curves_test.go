package checks

import (
	"math"
	"testing"
)

func TestIncompleteOptimisation(t *testing.T) {
	flat := func(i int) float32 { return float32(min(i, 20)) }
	steep := func(i int) float32 { return float32(i) }
	withCurves := func(loss func(int) float32, n int) handmadeEvaluation {
		l := newEvaluation(100, .1).add(t, "pgd", 0)
		for i := range n {
			for k := range 40 {
				l.last().Results[i].LossCurve = append(l.last().Results[i].LossCurve, loss(k))
			}
		}
		return l
	}
	expect(t, withCurves(flat, 50).runCheck(t, "C18"), Pass)
	r := withCurves(steep, 50).runCheck(t, "C18")
	expect(t, r, Fail)
	if len(r.Images) != 50 {
		t.Errorf("%d images, want 50", len(r.Images))
	}
	expect(t, withCurves(steep, 0).runCheck(t, "C18"), Skip)
	// Ten of eleven equal steps.
	if got, want := finalRise([]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), 10./11; math.Abs(got-want) > 1e-6 {
		t.Errorf("rise %g, want %g", got, want)
	}
	if got := finalRise([]float32{2, 2, 2}); got != 0 {
		t.Errorf("rise of a constant %g, want 0", got)
	}
}
