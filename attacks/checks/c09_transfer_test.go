package checks

import "testing"

func TestTransfer(t *testing.T) {
	expect(t, newEvaluation(200, .1, .2).add(t, "pgd", 100, 150).add(t, "substitute", 50, 60).runCheck(t, "C09"), Pass)
	expect(t, newEvaluation(200, .1, .2).add(t, "pgd", 100, 150).add(t, "substitute", 101, 60).runCheck(t, "C09"), Warn)
	expect(t, newEvaluation(200, .1, .2).add(t, "pgd", 30, 150).add(t, "substitute", 90, 91).runCheck(t, "C09"), Fail)
	expect(t, newEvaluation(200, .1).add(t, "pgd", 30).runCheck(t, "C09"), Skip)
}
