package checks

import (
	"fmt"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C34", Title: "Threats beyond the ball",
	Threshold: "rotations and translations, noise or corruptions",
	Source:    carlini + "general robustness",
	needs:     needsEvaluation, judge: judgeNatural,
})

func judgeNatural(c *checkContext) (verdict, error) {
	var found []string
	for _, a := range c.Evaluation.Attacks {
		if a.Family != attacks.Natural {
			continue
		}
		misclassified := 0
		for _, r := range a.Results {
			if r.Done && r.Distance != attacks.NoDistance { // at any distance
				misclassified++
			}
		}
		found = append(found, fmt.Sprintf("misclassified under %s %s", a.Attack, formatRate(misclassified, c.Evaluation.CleanCorrect)))
	}
	if len(found) == 0 {
		return verdict{status: Warn, value: "none was run", advice: "add spatial, gaussian or corruption: small changes in a norm are not the only ones that matter"}, nil
	}
	return verdict{status: Pass, value: strings.Join(found, "; ")}, nil
}
