package checks

import (
	"strings"
	"testing"
)

func TestSampleSize(t *testing.T) {
	r := newEvaluation(1000, .1).add(t, "pgd", 500).runCheck(t, "C31")
	expect(t, r, Pass)
	if !strings.Contains(r.Value, "500 of 1000 (50.0 %, 95 % interval 46.9–53.1)") {
		t.Errorf("value %q: want Wilson's interval of a half", r.Value)
	}
	expect(t, newEvaluation(999, .1).add(t, "pgd", 500).runCheck(t, "C31"), Warn)
}
