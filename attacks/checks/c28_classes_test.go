package checks

import "testing"

func TestClasses(t *testing.T) {
	expect(t, newEvaluation(10, .1).add(t, "apgd-t", 4).runCheck(t, "C28"), Pass)
	expect(t, newEvaluation(10, .1).add(t, "apgd-t(targets=3)", 4).runCheck(t, "C28"), Pass)
	expect(t, newEvaluation(10, .1).add(t, "apgd-t(targets=2)", 4).runCheck(t, "C28"), Warn)
	expect(t, newEvaluation(10, .1).add(t, "apgd-t(targets=9)", 4).runCheck(t, "C28"), Warn)
	withClasses := func(k int32, text string) Result {
		l := newEvaluation(10, .1).add(t, text, 4)
		for i := range l.Labels {
			l.Labels[i] = int32(i) % k
		}
		l.Clean = l.Labels
		return l.runCheck(t, "C28")
	}
	expect(t, withClasses(2, "pgd(loss=dlr)"), Fail)
	expect(t, withClasses(3, "pgd(loss=dlr)"), Pass)
	expect(t, withClasses(3, "apgd-t"), Fail)
}
