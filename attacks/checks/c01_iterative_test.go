package checks

import "testing"

func TestIterative(t *testing.T) {
	const n = 1000
	fine := newEvaluation(n, .1, .2).add(t, "fgsm", 300, 500).add(t, "pgd", 400, 900)
	expect(t, fine.runCheck(t, "C01"), Pass)
	// 5 of 1,000 is the limit; pgd finds others.
	some := newEvaluation(n, .1).add(t, "fgsm", 305).add(t, "pgd", 300)
	some.last().Results[999].ThreatDistance, some.last().Results[999].Tried = .1, "1"
	for i := 400; i < 420; i++ {
		some.last().Results[i].ThreatDistance, some.last().Results[i].Tried = .1, "1"
	}
	expect(t, some.runCheck(t, "C01"), Pass)
	for i := 300; i < 325; i++ { // too many, though pgd finds as many more
		some.Attacks[0].Results[i].ThreatDistance, some.Attacks[0].Results[i].Tried = .1, "1"
	}
	for i := 420; i < 460; i++ {
		some.last().Results[i].ThreatDistance, some.last().Results[i].Tried = .1, "1"
	}
	expect(t, some.runCheck(t, "C01"), Fail)
	behind := newEvaluation(n, .1, .2).add(t, "fgsm", 300, 500).add(t, "bim(loss=training)", 100, 900)
	r := behind.runCheck(t, "C01")
	expect(t, r, Fail)
	if len(r.Images) != 200 || r.Images[0] != 200 {
		t.Errorf("images %v: want those at 200 to 399", r.Images)
	}
	expect(t, newEvaluation(n, .1).add(t, "fgsm", 302).add(t, "pgd", 300).runCheck(t, "C01"), Warn) // fewer, if not by much
	fifth := newEvaluation(n, .1, .5).add(t, "fgsm", 100, 300).add(t, "bim", 400, 900)
	expect(t, fifth.runCheck(t, "C01"), Warn)
	expect(t, newEvaluation(n, .1).add(t, "fgsm", 302).runCheck(t, "C01"), Skip)
}
