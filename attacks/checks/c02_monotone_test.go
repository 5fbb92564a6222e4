package checks

import (
	"strings"
	"testing"
)

func TestMonotone(t *testing.T) {
	expect(t, newEvaluation(1000, .1, .2).add(t, "pgd", 300, 298).runCheck(t, "C02"), Pass)
	r := newEvaluation(1000, .1, .2).add(t, "pgd", 300, 290).runCheck(t, "C02")
	expect(t, r, Warn)
	if !strings.Contains(r.Value, "1.0 points") {
		t.Errorf("value %q: want the fall of 1.0 points", r.Value)
	}
	expect(t, newEvaluation(10, .1).add(t, "pgd", 3).runCheck(t, "C02"), Skip)
	mixed := newEvaluation(10, .1, .2).add(t, "pgd", 3, 4)
	mixed.last().Results[1].ThreatDistance = never
	expect(t, mixed.runCheck(t, "C02"), Fail)
}
