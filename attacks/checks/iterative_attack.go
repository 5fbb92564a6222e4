package checks

import (
	"fmt"
	"strconv"
	"strings"

	"unwarp/attacks"
)

// iterativeAttack holds the settings of an iterative gradient attack, which
// checks change one by one.
type iterativeAttack struct {
	name       string
	loss       attacks.Loss
	steps      int
	stepSize   float32 // 0 where the attack adapts it
	restarts   int
	eot        int
	cleanStart bool // it starts at the clean image
}

// attackUnderTest is the iterative gradient attack of the evaluation with most
// steps over all restarts, or PGD with the step size of Madry et al. if it has
// none.
func (c *checkContext) attackUnderTest() iterativeAttack {
	best := iterativeAttack{name: "pgd", loss: attacks.Classification, steps: 100, stepSize: c.Eps / 40, restarts: 1, eot: 1} // 2.5 eps/steps
	most := 0
	if c.Evaluation == nil {
		return best
	}
	for _, r := range c.Evaluation.Attacks {
		a, ok := c.readIterativeAttack(r)
		if total := a.steps * a.restarts; ok && total > most {
			best, most = a, total
		}
	}
	return best
}

// readIterativeAttack takes the settings of an attack's result; false for an
// attack that takes no steps along gradients of a loss, or that has a target.
func (c *checkContext) readIterativeAttack(r attacks.AttackResult) (iterativeAttack, bool) {
	a, err := attacks.Parse(r.Attack)
	stepper, ok := a.(attacks.Stepper)
	if err != nil || !ok {
		return iterativeAttack{}, false
	}
	plan, common := stepper.Plan(c.Eps, c.threat.Norm), a.Settings()
	out := iterativeAttack{name: r.Name, loss: plan.Loss, steps: plan.Steps, stepSize: plan.Size, restarts: plan.Restarts, eot: max(1, common.EOT), cleanStart: plan.CleanStart}
	if r.Name == "bim" {
		out.name = "pgd" // which from the clean image is BIM
	}
	return out, common.Target == ""
}

// text writes the attack as [attacks.Parse] reads it.
func (a iterativeAttack) text() string {
	settings := []string{"loss=" + string(a.loss), "steps=" + strconv.Itoa(a.steps)}
	if a.name != "apgd" {
		settings = append(settings, "alpha="+formatFloat(a.stepSize))
	}
	if a.name == "pgd" || a.name == "apgd" {
		settings = append(settings, "restarts="+strconv.Itoa(a.restarts))
	}
	if a.cleanStart {
		settings = append(settings, "start=clean")
	}
	if a.eot > 1 {
		settings = append(settings, "eot="+strconv.Itoa(a.eot))
	}
	return fmt.Sprintf("%s(%s)", a.name, strings.Join(settings, ","))
}

// withRandomStarts is the attack from random points. MI-FGSM has no random
// start; PGD takes its place.
func (a iterativeAttack) withRandomStarts(restarts int) iterativeAttack {
	if a.name != "apgd" {
		a.name = "pgd"
	}
	a.cleanStart, a.restarts = false, restarts
	return a
}

func formatFloat(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// param is the value of a hyper-parameter of an attack, "" if it has none of
// that name.
func param(r attacks.AttackResult, key string) string {
	for _, p := range r.Params {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

// intParam is the value of a whole-numbered hyper-parameter, 0 if there is none.
func intParam(r attacks.AttackResult, key string) int {
	v, _ := strconv.Atoi(param(r, key))
	return v
}
