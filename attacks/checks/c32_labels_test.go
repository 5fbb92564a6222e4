package checks

import (
	"slices"
	"testing"
)

func TestLabels(t *testing.T) {
	expect(t, newEvaluation(10, .1).add(t, "pgd", 5).add(t, "pgd(target=least)", 5).runCheck(t, "C32"), Pass)
	expect(t, newEvaluation(10, .1).add(t, "pgd", 5).runCheck(t, "C32"), Warn)
	wrong := newEvaluation(10, .1).add(t, "apgd-t", 5)
	wrong.Clean[3] = 0
	r := wrong.runCheck(t, "C32")
	expect(t, r, Fail)
	if !slices.Equal(r.Images, []int{103}) {
		t.Errorf("images %v, want 103", r.Images)
	}
}
