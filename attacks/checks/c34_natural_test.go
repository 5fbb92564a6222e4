package checks

import "testing"

func TestNatural(t *testing.T) {
	ev := newEvaluation(10, .1).add(t, "pgd", 5)
	expect(t, ev.runCheck(t, "C34"), Warn)
	r := runChecks(t, Input{Evaluation: ev.Evaluation, OtherThreats: []string{"rotate(30)", "corruption"}}, "C34")["C34"]
	expect(t, r, Pass)
	if want := "evaluated too: rotate(30), corruption"; r.Value != want {
		t.Errorf("value %q: want %q", r.Value, want)
	}
}
