package checks

import (
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

// Advice names no attack that would be refused for the model.
func TestPossibleRemedies(t *testing.T) {
	const gradient = "pgd(steps=100,restarts=5) or apgd-t"
	blocked := attacks.Victim{Classes: 4, GradientFault: "none"}
	through, numbers := blocked, blocked
	through.StraightThroughDiffers, numbers.ClassAlone = true, true
	for _, row := range []struct {
		v          attacks.Victim
		text, want string
	}{
		{attacks.Victim{Classes: 4}, gradient, gradient},
		{attacks.Victim{Classes: 3}, gradient, "pgd(steps=100,restarts=5)"},
		{blocked, gradient, ""},
		{through, gradient, "pgd(gradient=straight-through,steps=100,restarts=5) or apgd-t(gradient=straight-through)"},
		{blocked, "square", "square"},
		{numbers, "square", ""},
		{numbers, "hopskipjump or boundary", "hopskipjump or boundary"},
	} {
		if got := possibleRemedies(row.v, row.text); got != row.want {
			t.Errorf("%s: got %q, want %q", row.text, got, row.want)
		}
	}
	l := newEvaluation(100, .1).add(t, "hopskipjump", 5)
	c := &checkContext{Input: Input{Evaluation: l.Evaluation, Reference: engine.Session{Graph: &engine.AttackGraph{}}}, victim: numbers}
	v, err := judgeCompleteness(c)
	if err != nil || v.status != Fail || strings.Contains(v.advice, "pgd") || strings.Contains(v.advice, "square") {
		t.Errorf("%+v, %v", v, err)
	}
	if a := c.adviseTarget(4); a != "add hopskipjump(target=random)" {
		t.Error(a)
	}
}
