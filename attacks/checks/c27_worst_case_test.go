package checks

import (
	"slices"
	"strings"
	"testing"
)

func TestWorstCase(t *testing.T) {
	l := newEvaluation(100, .1).add(t, "pgd", 40).add(t, "square", 20)
	l.last().Results[90].ThreatDistance = .1
	r := l.runCheck(t, "C27")
	expect(t, r, Pass)
	for _, part := range []string{"59 of 100", "single attack 60", "pgd 20", "square 1"} {
		if !strings.Contains(r.Value, part) {
			t.Errorf("value %q: want %q in it", r.Value, part)
		}
	}
	l.Stopped = "the budget is used up"
	l.last().Results[7].Done = false
	r = l.runCheck(t, "C27")
	expect(t, r, Fail)
	if !slices.Equal(r.Images, []int{107}) || !strings.Contains(r.Advice, "budget") {
		t.Errorf("images %v, advice %q: want image 107 and the budget", r.Images, r.Advice)
	}
}
