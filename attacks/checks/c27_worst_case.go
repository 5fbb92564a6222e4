package checks

import (
	"fmt"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C27", Title: "The headline is the per-image worst case",
	Threshold: "every attack ended on every image",
	Source:    carlini + "report per-example worst case; AutoAttack issue 45",
	needs:     needsEvaluation, judge: judgeWorstCase,
})

func judgeWorstCase(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	if ev.CleanCorrect == 0 {
		return skip("no image was attacked: the model classifies none correctly")
	}
	eps := ev.Radii[len(ev.Radii)-1]
	v := verdict{status: Pass, value: fmt.Sprintf("at eps %g correct under every attack: %s", eps, formatRate(ev.RobustCount(eps), ev.Images))}
	if ev.Exhaustive {
		fewest := ev.Images
		for a := range ev.Attacks {
			fewest = min(fewest, ev.RobustCount(eps, a))
		}
		v.value += fmt.Sprintf(", under the best single attack %d", fewest)
	}
	if alone := successesAlone(ev, eps); len(alone) > 0 {
		v.value += "; misclassified under one attack alone"
		if !ev.Exhaustive {
			v.value += " (later attacks skip these images)"
		}
		v.value += ": " + strings.Join(alone, ", ")
	}
	if open := unfinishedImages(ev, firstPlaces(len(ev.Attacks))); len(open) > 0 {
		v.status, v.images = Fail, open
		v.value += fmt.Sprintf("; %d images were not given to every attack", len(open))
		v.advice = "resume the evaluation"
		if ev.Stopped != "" {
			v.advice = ev.Stopped + ": resume the evaluation with a larger one"
		}
	}
	return v, nil
}

// successesAlone lists the attacks with the number of images that are
// misclassified within eps under that attack alone.
func successesAlone(ev *attacks.Evaluation, eps float32) []string {
	alone := make([]int, len(ev.Attacks))
	for i := range ev.Images {
		var successful []int
		for a := range ev.Attacks {
			if ev.Misclassified(a, i, eps) {
				successful = append(successful, a)
			}
		}
		if len(successful) == 1 {
			alone[successful[0]]++
		}
	}
	var out []string
	for a, n := range alone {
		if n > 0 {
			out = append(out, fmt.Sprintf("%s %d", ev.Attacks[a].Attack, n))
		}
	}
	return out
}
