package checks

import "testing"

func TestUndefended(t *testing.T) {
	model := newEvaluation(1000, .1, .3).add(t, "pgd", 10, 20)
	expect(t, model.runCheck(t, "C23", newEvaluation(1000, .1, .3).add(t, "pgd", 300, 990)), Pass)
	expect(t, model.runCheck(t, "C23", newEvaluation(1000, .1, .3).add(t, "pgd", 300, 945)), Warn)
	expect(t, model.runCheck(t, "C23", newEvaluation(1000, .1, .3).add(t, "pgd", 300, 700)), Fail)
	expect(t, model.runCheck(t, "C23", newEvaluation(1000, .1, .3).add(t, "fgsm", 300, 990)), Skip)
	expect(t, model.runCheck(t, "C23"), Skip)
}
