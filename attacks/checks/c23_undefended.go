package checks

import (
	"fmt"
	"slices"
)

var _ = register(Check{
	ID: "C23", Title: "The same attack succeeds on an undefended model",
	Threshold: "at least 95 % at the same eps",
	Source:    carlini + "attack similar undefended models",
	needs:     needsEvaluation | needsAttempts | needsBaseline, judge: judgeUndefended,
})

func judgeUndefended(c *checkContext) (verdict, error) {
	eps, count := sharedRadius(c)
	if eps == 0 {
		return skip("no white-box attack was run on both models at one eps")
	}
	n := c.Baseline.CleanCorrect
	// The engine may have skipped images for this attack because an earlier one
	// had succeeded.
	if !c.Baseline.Exhaustive {
		count = n - c.Baseline.RobustCount(eps)
	}
	v := verdict{status: judgeAtLeast(count, n, .95)}
	v.value = fmt.Sprintf("at eps %g the undefended model misclassifies %s", eps, formatRate(count, n))
	if v.status != Pass {
		v.advice = "an attack that fails on a model without a defence shows nothing about one with it: a larger eps, or a stronger attack"
	}
	return v, nil
}

// sharedRadius is the largest radius at which a white-box attack was run on both
// models, 0 for none, and the largest number of images that the undefended
// model misclassifies under such an attack.
func sharedRadius(c *checkContext) (eps float32, count int) {
	for a, attack := range c.Evaluation.Attacks {
		if !isWhiteBox(attack) || !c.Evaluation.Ran(a) {
			continue
		}
		for b, same := range c.Baseline.Attacks {
			if same.Attack != attack.Attack || !c.Baseline.Ran(b) {
				continue
			}
			for _, r := range attack.Radii {
				if !slices.Contains(same.Radii, r) || r < eps {
					continue
				}
				if n := c.Baseline.MisclassifiedCount(b, r); r > eps || n > count {
					eps, count = r, n
				}
			}
		}
	}
	return eps, count
}
