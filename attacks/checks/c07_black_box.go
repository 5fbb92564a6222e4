package checks

import "fmt"

var _ = register(Check{
	ID: "C07", Title: "White-box attacks find what black-box attacks find",
	Threshold: "black-box successes that no white-box attack finds: at most 0.2 %",
	Source:    autoattack + "check_square_sr; " + carlini + "black-box attacks",
	needs:     needsEvaluation, judge: judgeBlackBox,
})

func judgeBlackBox(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	white, black := attacksOf(ev, isWhiteBox), attacksOf(ev, isBlackBox)
	if len(white) == 0 || len(black) == 0 {
		return skip("the evaluation lacks a white-box attack, or one that uses no gradient")
	}
	worst, ok := largestLead(ev, black, white)
	if !ok {
		return skip("no image was given to both")
	}
	v := verdict{status: judgeAtMost(worst.onlyA, ev.CleanCorrect, .002), images: worst.images}
	v.value = fmt.Sprintf("at eps %g %s succeed without the model's gradient where white-box attacks fail: %s", worst.eps, joinNames(ev, black), formatRate(worst.onlyA, ev.CleanCorrect))
	if worst.onlyA == 0 {
		v.value = fmt.Sprintf("white-box attacks succeed wherever %s succeed", joinNames(ev, black))
	}
	if v.status != Pass {
		v.advice = "the gradient is masked or of the wrong loss: attack the logits (loss=margin, loss=dlr), with more steps and restarts, and look at C10, C11 and C13"
	}
	return v, nil
}
