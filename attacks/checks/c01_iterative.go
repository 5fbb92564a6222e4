package checks

import (
	"fmt"
	"math"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C01", Title: "Iterative attacks beat single steps",
	Threshold: "successes of single-step attacks that iterative attacks miss: at most 0.5 %; success rate of iterative attacks at least that of single-step attacks; BIM at eps/5 not above FGSM at eps",
	Source:    carlini + "sanity checks",
	needs:     needsEvaluation | needsAttempts, judge: judgeIterative,
})

func judgeIterative(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	single, iterative := attacksOf(ev, isSingleStep), attacksOf(ev, isIterative)
	if len(single) == 0 || len(iterative) == 0 {
		return skip("no single-step or no iterative attack was run")
	}
	worst, ok := largestLead(ev, single, iterative)
	if !ok {
		return skip("no image was given to both a single-step and an iterative attack")
	}
	v := verdict{status: worst.judge(.005), images: worst.images}
	v.value = fmt.Sprintf("at eps %g misclassified under single-step attacks alone %s, under iterative attacks alone %d", worst.eps, formatRate(worst.onlyA, worst.ended), worst.onlyB)
	for _, eps := range ev.Radii {
		at := compareGroups(ev, single, iterative, eps)
		v.status = worstStatus(v.status, judgeNoBetter(at.onlyA, at.onlyB, len(ev.Radii)))
	}
	if v.status != Pass {
		v.advice = "the iterative attack follows a gradient that does not lead to errors, or its steps are too large: follow the classification or margin loss (loss=classification), more steps, smaller alpha"
		return v, nil
	}
	if text := smallRadiusExcess(ev, single, iterative); text != "" {
		v.status, v.value = Warn, v.value+"; "+text
		v.advice = "BIM with a fifth of eps should not succeed more often than a single step of eps: look at the gradient that the single step follows"
	}
	return v, nil
}

// smallRadiusExcess describes where an iterative attack within eps/5 succeeds
// on more images than the single steps within eps, "" for nowhere. The engine
// may have skipped images for the iterative attack, so that its count is a
// lower bound; the single steps must have run on all.
func smallRadiusExcess(ev *attacks.Evaluation, single, iterative []int) string {
	for _, eps := range ev.Radii {
		for _, fifth := range ev.Radii {
			if math.Abs(float64(eps)/float64(fifth)-5) > .001 {
				continue
			}
			misclassified, failed := 0, 0
			for i := range ev.Images {
				if misclassifiedUnderAny(ev, single, i, eps) {
					misclassified++
				} else if failedUnderAny(ev, single, i, eps) {
					failed++
				}
			}
			if misclassified+failed < ev.CleanCorrect {
				continue
			}
			for _, a := range iterative {
				if n := ev.MisclassifiedCount(a, fifth); n > misclassified {
					return fmt.Sprintf("%s within %g succeeds on %d images, single steps within %g on %d", ev.Attacks[a].Attack, fifth, n, eps, misclassified)
				}
			}
		}
	}
	return ""
}
