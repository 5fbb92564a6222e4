package checks

import (
	"fmt"
	"slices"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C28", Title: "Losses and targets fit the number of classes",
	Threshold: "no DLR below 3 classes, no targeted DLR below 4, targets at most classes-1 and at least min(9, classes-1)",
	Source:    autoattack + "check_n_classes; AutoAttack issues 70, 110",
	needs:     needsEvaluation | needsAttempts, judge: judgeClasses,
})

func judgeClasses(c *checkContext) (verdict, error) {
	classes := c.countClasses()
	v := verdict{status: Pass, value: fmt.Sprintf("%d classes", classes)}
	note := func(s Status, format string, args ...any) {
		v.status, v.value = worstStatus(v.status, s), v.value+"; "+fmt.Sprintf(format, args...)
	}
	for i, r := range c.Evaluation.Attacks {
		switch {
		case !c.Evaluation.Ran(i):
			continue
		case slices.Contains(r.Losses, attacks.DLR) && classes < 3:
			note(Fail, "%s follows DLR, which needs 3", r.Attack)
		case slices.Contains(r.Losses, attacks.TargetedDLR) && classes < 4:
			note(Fail, "%s follows targeted DLR, which needs 4", r.Attack)
		}
		n := intParam(r, "targets")
		switch {
		case n == 0: // it has none, or takes as many as there are
		case n > classes-1:
			note(Warn, "%s has %d targets, but there are %d other classes", r.Attack, n, classes-1)
		case n < min(9, classes-1):
			note(Warn, "%s has %d targets of %d other classes", r.Attack, n, classes-1)
		}
	}
	if v.status != Pass {
		v.advice = "use loss=margin where DLR is not defined, and targets=0 for all other classes up to 9"
	}
	return v, nil
}

// countClasses is the model's number of classes; without a model, that of the
// labels and predictions.
func (c *checkContext) countClasses() int {
	if c.Reference.Graph != nil {
		return c.victim.Classes
	}
	most := int32(-1)
	for i, label := range c.Evaluation.Labels {
		most = max(most, label, c.Evaluation.Clean[i])
	}
	return int(most) + 1
}
