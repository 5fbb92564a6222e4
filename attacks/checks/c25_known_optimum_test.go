package checks

import (
	"strings"
	"testing"

	"unwarp/attacks"
)

// Attacks reach the optimum of the linear model, unless their steps are too small.
func TestKnownOptimum(t *testing.T) {
	expect(t, newEvaluation(10, .1).add(t, "bim", 5).add(t, "deepfool", 5).add(t, "apgd", 5).runCheck(t, "C25"), Pass)
	expect(t, newEvaluation(10, .1).add(t, "bim", 5).add(t, "bim(steps=2,alpha=.0001)", 5).runCheck(t, "C25"), Warn)
	r := newEvaluation(10, .1).add(t, "bim(steps=2,alpha=.0001)", 5).runCheck(t, "C25")
	expect(t, r, Fail)
	if !strings.Contains(r.Advice, "alpha=0.0001") {
		t.Errorf("advice %q: want the attack's name", r.Advice)
	}
	expect(t, newEvaluation(10, .1).add(t, "square", 5).runCheck(t, "C25"), Skip)
	for _, n := range []attacks.Norm{attacks.L2, attacks.L1} {
		l := newEvaluation(10, .1)
		l.Norm = n
		expect(t, l.add(t, "fgsm", 5).runCheck(t, "C25"), Pass)
	}
}
