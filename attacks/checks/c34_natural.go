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
	needs:     needsEvaluation | needsAttempts, judge: judgeNatural,
})

func judgeNatural(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	var found []string
	for a, attack := range ev.Attacks {
		if attack.Family != attacks.Natural || !ev.Ran(a) {
			continue
		}
		misclassified := 0
		for _, r := range attack.Results {
			if (r.Done || r.CutShort) && r.Distance != attacks.NoDistance { // at any distance
				misclassified++
			}
		}
		found = append(found, fmt.Sprintf("misclassified under %s %s", attack.Attack, formatRate(misclassified, ev.RunCount(a))))
	}
	if len(found) == 0 {
		return verdict{status: Warn, value: "none was run", advice: "add spatial, gaussian or corruption: small changes in a norm are not the only ones that matter"}, nil
	}
	return verdict{status: Pass, value: strings.Join(found, "; ")}, nil
}
