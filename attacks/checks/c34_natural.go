package checks

import "strings"

var _ = register(Check{
	ID: "C34", Title: "Threats beyond the ball",
	Threshold: "an evaluation of rotations, translations, fields or corruptions",
	Source:    carlini + "general robustness",
	needs:     needsEvaluation | needsAttempts, judge: judgeNatural,
})

func judgeNatural(c *checkContext) (verdict, error) {
	if len(c.OtherThreats) == 0 {
		return verdict{status: Warn, value: "none was evaluated", advice: "evaluate other threats too, --threat \"rotate+translate(30,3px)\" or --threat corruption: small changes in a norm are not the only ones that matter"}, nil
	}
	return verdict{status: Pass, value: "evaluated too: " + strings.Join(c.OtherThreats, ", ")}, nil
}
