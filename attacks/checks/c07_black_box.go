package checks

import (
	"fmt"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C07", Title: "White-box attacks find what black-box attacks find",
	Threshold: "black-box successes that no white-box attack finds: at most 0.2 %; an attack on decisions finds none within 0.9 eps on images that all attacks left",
	Source:    autoattack + "check_square_sr; " + carlini + "black-box attacks",
	needs:     needsEvaluation | needsAttempts, judge: judgeBlackBox,
})

func judgeBlackBox(c *checkContext) (verdict, error) {
	white, black := attacksOf(c.Evaluation, isWhiteBox), attacksOf(c.Evaluation, isBlackBox)
	if len(white) == 0 {
		return skip("the evaluation lacks a white-box attack")
	}
	v, err := compareWithBlackBox(c.Evaluation, white, black)
	if err != nil {
		return v, err
	}
	p, err := c.probeDecisions()
	if err != nil || !p.available {
		return v, err
	}
	return p.addTo(v), nil
}

// compareWithBlackBox compares the attacks of the evaluation.
func compareWithBlackBox(ev *attacks.Evaluation, white, black []int) (verdict, error) {
	if len(black) == 0 {
		return skip("the evaluation lacks an attack that uses no gradient")
	}
	worst, ok := largestLead(ev, black, white)
	if !ok {
		return skip("no image was given to both")
	}
	v := verdict{status: worst.judge(.002), images: worst.images}
	v.value = fmt.Sprintf("at eps %g %s succeed without the model's gradient where white-box attacks fail: %s", worst.eps, joinNames(ev, black), formatRate(worst.onlyA, worst.ended))
	if worst.onlyA == 0 {
		v.value = fmt.Sprintf("white-box attacks succeed wherever %s succeed", joinNames(ev, black))
	}
	if v.status != Pass {
		v.advice = "the gradient is masked or of the wrong loss: attack the logits (loss=margin, loss=dlr), with more steps and restarts, and look at C10, C11 and C13"
	}
	return v, nil
}
