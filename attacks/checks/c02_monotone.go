package checks

import (
	"fmt"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C02", Title: "Success grows with eps",
	Threshold: "the best result so far never falls; single runs fall by at most 0.3 points",
	Source:    carlini + "sanity checks",
	needs:     needsEvaluation | needsAttempts, judge: judgeMonotone,
})

func judgeMonotone(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	v := verdict{status: Pass, images: inconsistentImages(ev)}
	if len(v.images) > 0 {
		v.status = Fail
		v.value = fmt.Sprintf("%d examples do not count at the radius at which they were found", len(v.images))
		v.advice = "the evaluation was altered or mixed from two: run it again"
		return v, nil
	}
	largest, where, compared := 0., "", 0
	for a := range ev.Attacks {
		attack := &ev.Attacks[a]
		for k := range max(0, len(attack.Radii)-1) {
			fall, both := fallOfSingleRuns(attack, k)
			compared += both
			if d := share(fall, ev.CleanCorrect); d > largest {
				largest, where = d, fmt.Sprintf(", of %s from eps %g to %g", attack.Attack, attack.Radii[k], attack.Radii[k+1])
			}
		}
	}
	if compared == 0 {
		return skip("no attack was run at two radii on one image: --exhaustive runs every attack at every radius")
	}
	v.value = fmt.Sprintf("the best result so far never falls; largest fall of single runs %.1f points%s", 100*largest, where)
	if largest > .003 {
		v.status = Warn
		v.advice = "at large eps a step leaves the region in which the gradient holds: more steps, or use the best result so far"
	}
	return v, nil
}

// inconsistentImages are the places of images on which an attack succeeded at a
// radius within which they are not counted as misclassified; a place for each
// such run.
func inconsistentImages(ev *attacks.Evaluation) []int {
	var places []int
	for a := range ev.Attacks {
		for i, r := range ev.Attacks[a].Results {
			for k := range r.Tried {
				if r.Tried[k] == '1' && !ev.Misclassified(a, i, ev.Attacks[a].Radii[k]) {
					places = append(places, ev.Index[i])
				}
			}
		}
	}
	return places
}

// fallOfSingleRuns is how many successes fewer single runs have at radius k+1
// than at radius k, on the images on which the attack was run at both.
func fallOfSingleRuns(attack *attacks.AttackResult, k int) (fall, images int) {
	for _, r := range attack.Results {
		if k+1 < len(r.Tried) && r.Tried[k] != '.' && r.Tried[k+1] != '.' {
			images++
			fall += int(r.Tried[k]) - int(r.Tried[k+1])
		}
	}
	return fall, images
}
