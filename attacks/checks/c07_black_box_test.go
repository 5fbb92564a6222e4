package checks

import "testing"

func TestBlackBox(t *testing.T) {
	const n = 1000
	expect(t, newEvaluation(n, .1).add(t, "pgd", 400).add(t, "square", 402).runCheck(t, "C07"), Pass)
	expect(t, newEvaluation(n, .1).add(t, "pgd", 400).add(t, "square", 404).runCheck(t, "C07"), Warn)
	r := newEvaluation(n, .1).add(t, "fgsm(loss=training)", 400).add(t, "random", 430).runCheck(t, "C07")
	expect(t, r, Fail)
	if len(r.Images) != 30 || r.Images[0] != 500 {
		t.Errorf("images %v: want those at 500 to 529", r.Images)
	}
	// What a second white-box attack finds is found.
	expect(t, newEvaluation(n, .1).add(t, "fgsm(loss=training)", 400).add(t, "random", 430).add(t, "fgsm", 500).runCheck(t, "C07"), Pass)
	expect(t, newEvaluation(n, .1).add(t, "square", 430).runCheck(t, "C07"), Skip)
}
