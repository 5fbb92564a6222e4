package checks

import (
	"fmt"
	"strings"
)

var _ = register(Check{
	ID: "C08", Title: "Noise does worse than a gradient",
	Threshold: "at least 10,000 draws per image; success below FGSM's",
	Source:    carlini + "random noise",
	needs:     needsModel, attacks: noiseAttacks, judge: judgeNoise,
})

// noiseAttacks are the single steps and, last, the random noise.
func noiseAttacks(c *checkContext) []string {
	return append(singleSteps(c), fmt.Sprintf("uniform(draws=%d)", c.Draws))
}

// singleSteps are the single-step attacks of the evaluation, or FGSM.
func singleSteps(c *checkContext) []string {
	var out []string
	if c.Evaluation != nil {
		for _, a := range attacksOf(c.Evaluation, isSingleStep) {
			if r := c.Evaluation.Attacks[a]; param(r, "eps") == "" && param(r, "loss") != "" {
				out = append(out, r.Attack)
			}
		}
	}
	if out == nil {
		out = []string{"fgsm"}
	}
	return out
}

func judgeNoise(c *checkContext) (verdict, error) {
	texts := noiseAttacks(c)
	steps, noiseText := texts[:len(texts)-1], texts[len(texts)-1]
	noise, reason := c.misclassifiedUnder(noiseText)
	if noise == nil {
		return skip(reason)
	}
	step := make([]bool, len(noise)) // under any of the single steps
	for _, text := range steps {
		flags, _ := c.misclassifiedUnder(text)
		for i := range flags {
			step[i] = step[i] || flags[i]
		}
	}
	noiseOnly, stepOnly := c.placesOnlyIn(noise, step), c.placesOnlyIn(step, noise)
	n, byNoise, byStep := len(noise), countTrue(noise), countTrue(step)
	v := verdict{status: judgeNoBetter(len(noiseOnly), len(stepOnly), 1), images: noiseOnly}
	v.value = fmt.Sprintf("at eps %g %s succeeds on %s, %s on %d", c.Eps, noiseText, formatRate(byNoise, n), strings.Join(steps, ", "), byStep)
	switch {
	case v.status != Pass:
		v.advice = "random points succeed where the gradient fails: it is masked, or of the wrong loss"
	case byNoise == byStep && byNoise > 0 && byStep < n:
		v.status, v.advice = Warn, "the gradient does no better than noise: look at a smaller eps, and at the loss that the attack follows"
	case c.Draws < 10000:
		v.status, v.advice = Warn, fmt.Sprintf("%d draws are few: use 10,000 or more", c.Draws)
	}
	return v, nil
}
