package checks

import (
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
)

// Each requirement on its own.
func TestCompleteness(t *testing.T) {
	full := func(gradient string) handmadeEvaluation {
		return newEvaluation(10, .1).add(t, gradient, 5).add(t, "square", 5).add(t, "hopskipjump", 5)
	}
	for _, gradient := range []string{
		"pgd(steps=100,restarts=5)", "pgd(steps=200,restarts=2,loss=margin)", "apgd(restarts=5)", "apgd(loss=dlr,restarts=2)", "apgd-t",
	} {
		r := full(gradient).runCheck(t, "C35")
		expect(t, r, Pass)
		if !MayClaim([]Result{r}) {
			t.Errorf("%s: complete attacks allow the claim", gradient)
		}
	}
	for _, gradient := range []string{
		"fgsm", "bim(steps=100)", "pgd(steps=99,restarts=5)", "pgd(steps=100)", "apgd", "apgd-t(steps=50)", "pgd(steps=100,restarts=5,loss=training)",
		"pgd(steps=100,restarts=5,target=1)", "pgd(steps=100,restarts=5,budget=50)", "mifgsm(steps=100)",
	} {
		r := full(gradient).runCheck(t, "C35")
		expect(t, r, Fail)
		if !strings.Contains(r.Value, "PGD or APGD") || strings.Contains(r.Value, "scores") || MayClaim([]Result{r}) {
			t.Errorf("%s: value %q, want the gradient attack alone missing", gradient, r.Value)
		}
	}
	for text, want := range map[string]string{"square": "scores", "hopskipjump": "decisions"} {
		l := full("apgd-t")
		l.Attacks = slices.DeleteFunc(l.Attacks, func(s attacks.AttackResult) bool { return s.Name == text })
		if r := l.runCheck(t, "C35"); r.Status != Fail || !strings.Contains(r.Value, want) || !strings.Contains(r.Advice, text) {
			t.Errorf("without %s: %s %q %q, want FAIL that names it", text, r.Status, r.Value, r.Advice)
		}
	}
	// Not on all images.
	l := full("apgd-t")
	l.last().Results[3].Done = false
	r := l.runCheck(t, "C35")
	expect(t, r, Fail)
	if !slices.Equal(r.Images, []int{103}) {
		t.Errorf("images %v, want 103", r.Images)
	}
	// In L1 APGD starts 5 times by default.
	l = full("apgd")
	l.Norm = attacks.L1
	expect(t, l.runCheck(t, "C35"), Pass)
	if MayClaim(nil) {
		t.Error("without checks nothing may be claimed")
	}
}
