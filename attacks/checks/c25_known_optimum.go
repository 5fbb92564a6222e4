package checks

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

var _ = register(Check{
	ID: "C25", Title: "Attacks find the known optimum of a linear model",
	Threshold: "median distance of each white-box attack within 1.25 times the optimum, DeepFool 1.02",
	Source:    "adversarial-library's tests",
	needs:     needsEvaluation | needsAttempts, judge: judgeKnownOptimum,
})

// slowAttacks are left out: the tests of their package compare them with their
// optimum.
var slowAttacks = []string{"cw", "ead", "jsma", "fmn-l0"}

// judgeKnownOptimum runs the white-box attacks of the evaluation, with their
// settings, on the linear model.
func judgeKnownOptimum(c *checkContext) (verdict, error) {
	list := logitAttacks(c.Evaluation)
	if len(list) == 0 {
		return skip("no white-box attack on the logits in the evaluation's norm was run; the slow ones are left out")
	}
	v, weights := newLinearModel()
	images, optimum := linearModelImages(weights, 16, c.Evaluation.Norm)
	session, err := openSession(v, attacks.Threat{Norm: c.Evaluation.Norm, Lo: 0, Hi: 1}, list...)
	if err != nil {
		return verdict{}, err
	}
	defer session.Net.Close()
	const ratio = 1.25
	e, err := engine.NewEngine(session, session, engine.Options{Attacks: list, Eps: []float32{float32(ratio * optimum)}, Batch: 16, Exhaustive: true})
	if err != nil {
		return verdict{}, err
	}
	ev, err := e.Run(c.ctx, images, nil, nil)
	if err != nil {
		return verdict{}, err
	}
	return compareWithOptimum(ev, optimum, ratio), nil
}

// logitAttacks are the white-box attacks of an evaluation that follow the logits
// alone, minimise its norm and have no target; each once, without radii or
// budget of its own.
func logitAttacks(ev *attacks.Evaluation) []attacks.Attack {
	var list []attacks.Attack
	for i, r := range ev.Attacks {
		a, err := attacks.Parse(withoutParams(r.Attack, "eps", "budget"))
		if err != nil || !ev.Ran(i) || r.Family != attacks.WhiteBox || r.Norm != ev.Norm || param(r, "target") != "" || slices.Contains(slowAttacks, r.Name) {
			continue
		}
		if slices.ContainsFunc(r.Losses, func(l attacks.Loss) bool { return !isLogitLoss(l) }) {
			continue
		}
		if !slices.ContainsFunc(list, func(b attacks.Attack) bool { return attacks.Text(a) == attacks.Text(b) }) {
			list = append(list, a)
		}
	}
	return list
}

// compareWithOptimum compares the distances that each attack found with the
// optimum.
func compareWithOptimum(ev *attacks.Evaluation, optimum, ratio float64) verdict {
	v := verdict{status: Pass}
	var near, far []string
	for _, attack := range ev.Attacks {
		limit := ratio
		if attack.Name == "deepfool" {
			limit = 1.02 * (1 + 1e-4/optimum) // its overshoot; its steps are longer by 1e-4
		}
		var ratios []float64
		for _, r := range attack.Results {
			ratios = append(ratios, float64(r.Distance)/optimum)
		}
		m := median(ratios) // a random start may fail on one image
		text := fmt.Sprintf("%s %.3f", attack.Attack, m)
		if math.IsInf(m, 0) || math.IsNaN(m) {
			text = attack.Attack + " nothing on half of the images"
		}
		if m <= limit*1.0001+1e-5 {
			near = append(near, text)
		} else {
			far = append(far, text)
		}
	}
	v.value = fmt.Sprintf("on a linear model of %dx%d pixels, median distance found as a multiple of the optimum: %s", linearSide, linearSide, strings.Join(slices.Concat(far, near), ", "))
	if len(far) > 0 {
		v.status = Warn // the worst case is that of the other attacks
		if len(near) == 0 {
			v.status = Fail
		}
		v.advice = "with these settings attacks miss the known optimum: more steps, or larger ones, for " + strings.Join(far, ", ")
	}
	return v
}

// withoutParams removes parameters from an attack's text.
func withoutParams(text string, keys ...string) string {
	name, inner, ok := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	if !ok {
		return text
	}
	params := slices.DeleteFunc(strings.Split(inner, ","), func(f string) bool {
		key, _, _ := strings.Cut(f, "=")
		return slices.Contains(keys, strings.TrimSpace(key))
	})
	return name + "(" + strings.Join(params, ",") + ")"
}
