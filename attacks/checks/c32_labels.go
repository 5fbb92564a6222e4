package checks

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C32", Title: "Labels are the true ones",
	Threshold: "only correctly classified images are attacked, so that label and prediction agree; by targeted attacks too",
	Source:    "cleverhans attacks its own prediction by default",
	needs:     needsEvaluation, judge: judgeLabels,
})

func judgeLabels(c *checkContext) (verdict, error) {
	v := verdict{status: Pass}
	var targeted []string
	for _, attack := range c.Evaluation.Attacks {
		if isTargeted(attack) {
			targeted = append(targeted, attack.Attack)
		}
		for i, r := range attack.Results {
			if place := c.Evaluation.Index[i]; r.Done && !c.Evaluation.Correct(i) && !slices.Contains(v.images, place) {
				v.images = append(v.images, place)
			}
		}
	}
	v.value = "true labels, on correctly classified images"
	switch {
	case len(v.images) > 0:
		v.status = Fail
		v.value = fmt.Sprintf("%d images were attacked that are misclassified without attack", len(v.images))
		v.advice = "what was counted as success on them is none: run the evaluation again"
	case len(targeted) == 0:
		v.status, v.value = Warn, v.value+"; no attack has a target class"
		v.advice = "add apgd-t, or an attack with target=least or target=random"
	default:
		v.value += "; with a target class: " + strings.Join(targeted, ", ")
	}
	return v, nil
}

// isTargeted tells whether an attack goes towards one class or several in turn.
func isTargeted(r attacks.AttackResult) bool {
	return param(r, "target") != "" || slices.Contains(r.Losses, attacks.TargetedDLR) || r.Name == "fab" && intParam(r, "targets") > 0
}
