package checks

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C35", Title: "The attacks are complete",
	Threshold: "on all images: PGD or APGD of at least 100 steps with restarts, or APGD-T, on a loss of the logits; a gradient-free attack on scores; an attack on decisions",
	Source:    carlini + "which attacks to use",
	needs:     needsEvaluation, judge: judgeCompleteness,
})

// completenessRequirements are what a claim of robustness needs in a norm.
func completenessRequirements(n attacks.Norm) []requirement {
	return []requirement{
		{"PGD or APGD of at least 100 steps with at least 2 starts, or APGD-T, on a loss of the logits", func(r attacks.AttackResult) bool { return isThorough(r, n) }, "pgd(steps=100,restarts=5) or apgd-t"},
		{"a gradient-free attack on scores", func(r attacks.AttackResult) bool { return r.Family == attacks.Score }, "square"},
		{"an attack on decisions", func(r attacks.AttackResult) bool { return r.Family == attacks.Decision }, "hopskipjump or boundary"},
	}
}

func judgeCompleteness(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	v := verdict{status: Pass}
	var ran, missing, remedies []string
	for _, q := range completenessRequirements(ev.Norm) {
		list := attacksOf(ev, q.met)
		complete := slices.IndexFunc(list, func(a int) bool { return ev.Images > 0 && len(unfinishedImages(ev, []int{a})) == 0 })
		switch {
		case complete >= 0:
			ran = append(ran, ev.Attacks[list[complete]].Attack)
		case len(list) > 0:
			last := list[len(list)-1]
			v.images = unfinishedImages(ev, []int{last})
			missing = append(missing, fmt.Sprintf("%s on all images (%s has not ended on %d)", q.name, ev.Attacks[last].Attack, len(v.images)))
			remedies = append(remedies, "resume the evaluation")
		default:
			missing, remedies = append(missing, q.name), append(remedies, "add "+q.remedy)
		}
	}
	if len(missing) == 0 {
		v.value = "ran on all images: " + strings.Join(ran, ", ")
		return v, nil
	}
	v.status, v.value = Fail, "missing: "+strings.Join(missing, "; ")
	slices.Sort(remedies)
	v.advice = strings.Join(slices.Compact(remedies), "; ") + "; until then the evaluation does not show that the model is robust"
	return v, nil
}

// isThorough tells an attack that follows the gradient of a loss of the logits
// for at least 100 steps from each of several starts, or towards several
// classes.
func isThorough(r attacks.AttackResult, n attacks.Norm) bool {
	const steps, passesPerStep = 100, 2 // a forward and a backward pass
	starts := intParam(r, "restarts")
	if r.Name == "apgd" && n == attacks.L1 && starts == 0 {
		starts = 5 // its default there
	}
	budget := intParam(r, "budget")
	switch {
	case intParam(r, "steps") < steps || !slices.ContainsFunc(r.Losses, isLogitLoss):
		return false
	case budget > 0 && budget < 2*passesPerStep*steps: // two starts
		return false
	case r.Name == "apgd-t":
		return true
	}
	return starts >= 2 && (r.Name == "pgd" || r.Name == "apgd")
}
