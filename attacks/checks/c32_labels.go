package checks

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C32", Title: "Labels are the true ones",
	Threshold: "only correctly classified images are attacked, so that label and prediction agree; with 3 classes or more, towards chosen classes too",
	Source:    "cleverhans attacks its own prediction by default",
	needs:     needsEvaluation, judge: judgeLabels,
})

func judgeLabels(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	attacked := attackedImages(ev)
	v := verdict{status: Pass, images: attacked[false]}
	switch n := len(attacked[true]); {
	case len(v.images) > 0:
		v.status = Fail
		v.value = fmt.Sprintf("%d images were attacked that are misclassified without attack", len(v.images))
		v.advice = "what was counted as success on them is none: run the evaluation again"
	case n == 0:
		return skip("no attack was run on any image")
	default:
		v.value = fmt.Sprintf("%d images were attacked, all of them classified correctly without attack", n)
		c.judgeTargets(&v)
	}
	return v, nil
}

// attackedImages are the places of the images that any attack was run on, by
// whether they are classified correctly without attack.
func attackedImages(ev *attacks.Evaluation) map[bool][]int {
	out := map[bool][]int{}
	for i := range ev.Images {
		ran := func(a attacks.AttackResult) bool {
			r := a.Results[i]
			return (r.Done || r.CutShort) && !r.Skipped
		}
		if slices.ContainsFunc(ev.Attacks, ran) {
			out[ev.Correct(i)] = append(out[ev.Correct(i)], ev.Index[i])
		}
	}
	return out
}

// judgeTargets adds to v whether an attack aimed at a class. Of two classes
// every attack aims at the other.
func (c *checkContext) judgeTargets(v *verdict) {
	ev, classes := c.Evaluation, c.countClasses()
	var targeted []string
	for a, attack := range ev.Attacks {
		if isTargeted(attack) && ev.Ran(a) {
			targeted = append(targeted, attack.Attack)
		}
	}
	switch {
	case len(targeted) > 0:
		v.value += "; towards chosen classes: " + strings.Join(targeted, ", ")
	case classes > 2:
		v.status, v.value = Warn, v.value+"; no attack aims at a chosen class"
		v.advice = c.adviseTarget(classes)
	}
}

// adviseTarget names targeted attacks that the model can be attacked with.
func (c *checkContext) adviseTarget(classes int) string {
	switch {
	case c.victim.ClassAlone: // which class has the least score is not known
		return "add hopskipjump(target=random)"
	case c.victim.GradientFault != "":
		return "add an attack that needs no gradient, with a target, such as square(target=least)"
	case attacks.TargetedDLR.CheckClasses(classes) == nil:
		return "add apgd-t, or an attack with target=least or target=random"
	}
	return "add an attack with target=least or target=random"
}

// isTargeted tells whether an attack goes towards one class or several in turn.
func isTargeted(r attacks.AttackResult) bool {
	return param(r, "target") != "" || slices.Contains(r.Losses, attacks.TargetedDLR) || r.Name == "fab" && intParam(r, "targets") > 0
}
