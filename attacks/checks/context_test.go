package checks

import "testing"

// Of 10, 55 and 90 successes on 100 images the second is nearest 50 %.
func TestInformativeRadius(t *testing.T) {
	ev := newEvaluation(100, .1, .2, .3).add(t, "pgd", 10, 55, 90)
	if got := informativeRadius(ev.Evaluation); got != .2 {
		t.Errorf("radius %g, want .2", got)
	}
}
