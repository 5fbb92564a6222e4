package checks

import "fmt"

var _ = register(Check{
	ID: "C30", Title: "Clean accuracy is kept",
	Threshold: "at most 2 points below the baseline",
	Source:    carlini + "report clean accuracy",
	needs:     needsEvaluation | needsBaseline, judge: judgeCleanAccuracy,
})

func judgeCleanAccuracy(c *checkContext) (verdict, error) {
	ev, base := c.Evaluation, c.Baseline
	if ev.Images == 0 || base.Images == 0 {
		return skip("no image was classified")
	}
	difference := ev.Share(ev.CleanCorrect) - base.Share(base.CleanCorrect)
	v := verdict{status: Pass, value: fmt.Sprintf("%s, baseline %s: %+.1f points", formatRate(ev.CleanCorrect, ev.Images), formatRate(base.CleanCorrect, base.Images), 100*difference)}
	if -difference > .02+1e-9 {
		v.status, v.advice = Warn, "report the loss of clean accuracy beside the accuracy under attack that was gained"
	}
	return v, nil
}
