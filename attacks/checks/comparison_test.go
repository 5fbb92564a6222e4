package checks

import "testing"

// Images that the engine skipped for a later attack are no failure of that
// attack.
func TestCascade(t *testing.T) {
	l := newEvaluation(100, .1, .2).add(t, "fgsm", 60, 80).add(t, "pgd", 0, 0).add(t, "square", 0, 0)
	l.Exhaustive = false
	for s := 1; s < 3; s++ {
		for i := range 60 {
			l.Attacks[s].Results[i].Skipped, l.Attacks[s].Results[i].Tried = true, ".."
		}
		for i := 60; i < 80; i++ {
			l.Attacks[s].Results[i].Tried = "0."
		}
	}
	expect(t, l.runCheck(t, "C01"), Pass)
	expect(t, l.runCheck(t, "C07"), Pass)
	// Square succeeds on images on which pgd was run and failed.
	for i := 80; i < 90; i++ {
		l.last().Results[i].ThreatDistance, l.last().Results[i].Tried = .2, "01"
	}
	expect(t, l.runCheck(t, "C07"), Fail)
	// A minimum-norm attack was run at any distance, on the images that were still
	// correctly classified.
	l = newEvaluation(100, .1, .2).add(t, "deepfool", 0, 0).add(t, "square", 0, 30)
	l.Exhaustive = false
	expect(t, l.runCheck(t, "C07"), Fail)
	l = newEvaluation(100, .1).add(t, "square", 30).add(t, "deepfool", 0)
	l.Exhaustive = false
	expect(t, l.runCheck(t, "C07"), Pass)
}
