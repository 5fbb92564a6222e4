package checks

import (
	"slices"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C18", Title: "Optimisation is complete",
	Threshold: "rescaled best loss rises by at most .05 in the last 10 steps, on at least 95 % of the images that remain correctly classified",
	Source:    ioaf + "incomplete optimisation",
	needs:     needsEvaluation | needsAttempts, judge: judgeLossCurves,
})

// judgeLossCurves looks at images that no attack made the model misclassify at
// the attack's largest radius and whose losses were recorded. An image is
// complete if one of its attacks is.
func judgeLossCurves(c *checkContext) (verdict, error) {
	v := verdict{status: Pass}
	recorded := 0
	for i := range c.Evaluation.Images {
		hasCurve, complete := false, false
		for _, curve := range unsuccessfulCurves(c.Evaluation, i) {
			hasCurve = true
			complete = complete || finalRise(curve) <= .05
		}
		if hasCurve {
			recorded++
			if !complete {
				v.images = append(v.images, c.Evaluation.Index[i])
			}
		}
	}
	if recorded == 0 {
		return skip("no loss of an iterative attack is recorded for an image that remains correctly classified")
	}
	v.status = judgeAtMost(len(v.images), recorded, .05)
	v.value = "still rising: " + formatRate(len(v.images), recorded)
	if v.status != Pass {
		v.advice = "more steps, or larger ones"
	}
	return v, nil
}

// unsuccessfulCurves are the loss curves of iterative attacks on image i that
// failed, and before which every attack had failed.
func unsuccessfulCurves(ev *attacks.Evaluation, i int) [][]float32 {
	var curves [][]float32
	for a, attack := range ev.Attacks {
		curve := attack.Results[i].LossCurve
		if isIterative(attack) && len(curve) >= 2 && attack.Results[i].Done && !misclassifiedUnderAny(ev, firstPlaces(a+1), i, attack.Radii[len(attack.Radii)-1]) {
			curves = append(curves, curve)
		}
	}
	return curves
}

// finalRise is by how much the best loss so far rises in the last 10 steps of a
// curve that is rescaled to [0,1].
func finalRise(curve []float32) float64 {
	lo, hi := float64(slices.Min(curve)), float64(slices.Max(curve))
	if !(hi > lo) {
		return 0
	}
	before := float64(slices.Max(curve[:max(1, len(curve)-10)]))
	return (hi - before) / (hi - lo)
}
