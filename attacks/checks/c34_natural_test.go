package checks

import (
	"strings"
	"testing"
)

func TestNatural(t *testing.T) {
	expect(t, newEvaluation(10, .1).add(t, "pgd", 5).runCheck(t, "C34"), Warn)
	r := newEvaluation(10, .1).add(t, "spatial", 5).runCheck(t, "C34")
	expect(t, r, Pass)
	if !strings.Contains(r.Value, "5 of 10") {
		t.Errorf("value %q: want 5 of 10", r.Value)
	}
}
