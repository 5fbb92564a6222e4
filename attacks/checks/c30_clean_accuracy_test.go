package checks

import "testing"

func TestCleanAccuracy(t *testing.T) {
	base := newEvaluation(1000, .1)
	ours := newEvaluation(1000, .1)
	ours.CleanCorrect = 985
	expect(t, ours.runCheck(t, "C30", base), Pass)
	ours.CleanCorrect = 970
	expect(t, ours.runCheck(t, "C30", base), Warn)
	expect(t, ours.runCheck(t, "C30"), Skip)
}
