package checks

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C11", Title: "Cross-entropy is not saturated",
	Threshold: "other losses and temperatures: success at most 1 point above cross-entropy's",
	Source:    autoattack + "flags; Carlini and Wagner 2017 (distillation)",
	needs:     needsModel, attacks: saturationAttacks, judge: judgeSaturation,
})

// crossEntropyAttack is the attack under test on cross-entropy, or PGD with its
// steps where it is neither PGD nor APGD.
func crossEntropyAttack(c *checkContext) iterativeAttack {
	a := c.attackUnderTest()
	if a.name == "pgd" || a.name == "apgd" {
		a.loss = attacks.Classification
		return a
	}
	return iterativeAttack{name: "pgd", loss: attacks.Classification, steps: a.steps, stepSize: a.stepSize, restarts: 1, eot: a.eot}
}

// saturationAttacks are the attack on cross-entropy, and after it those on
// other losses and on logits divided by a temperature.
func saturationAttacks(c *checkContext) []string {
	a := crossEntropyAttack(c)
	out := []string{a.text()}
	for _, l := range []attacks.Loss{attacks.Margin, attacks.DLR} {
		b := a
		b.loss = l
		if c.victim.Offers(l) {
			out = append(out, b.text())
		}
	}
	if a.name != "pgd" { // the only attack with a temperature
		a = iterativeAttack{name: "pgd", loss: attacks.Classification, steps: a.steps, stepSize: c.Eps / 30, restarts: 1, eot: a.eot}
	}
	for _, t := range []string{"10", "100"} {
		out = append(out, strings.TrimSuffix(a.text(), ")")+",temperature="+t+")")
	}
	return out
}

func judgeSaturation(c *checkContext) (verdict, error) {
	texts := saturationAttacks(c)
	base, reason := c.misclassifiedUnder(texts[0])
	if base == nil {
		return skip(reason)
	}
	v, more, best := verdict{}, gain{n: len(base)}, ""
	for _, text := range texts[1:] {
		flags, _ := c.misclassifiedUnder(text)
		if flags == nil {
			continue
		}
		if g := gainOf(flags, base); g.onlyA-g.onlyB > more.onlyA-more.onlyB {
			more, best, v.images = g, text, c.placesOnlyIn(flags, base)
		}
	}
	v.status = more.judge(.01, len(texts)-1)
	v.value = fmt.Sprintf("cross-entropy succeeds on %d of %d at eps %g", countTrue(base), more.n, c.Eps)
	if best != "" {
		v.value += fmt.Sprintf(", %s on %d (%s)", best, countTrue(base)+more.onlyA-more.onlyB, more)
	} else {
		v.value += ", no other loss on more"
	}
	v.value += "; " + c.describeConfidence()
	if v.status != Pass {
		v.advice = "cross-entropy is masked: add loss=margin, apgd(loss=dlr) or apgd-t"
		if c.followsUnsaturatedLoss() {
			v.status = Warn
			v.advice = "cross-entropy alone would overrate the model; the evaluation has attacks on the margin too, which count"
		}
	}
	return v, nil
}

// describeConfidence gives the median margin of the sample's clean logits, and
// how many probabilities are 1 up to float32's rounding.
func (c *checkContext) describeConfidence() string {
	certain, margins := 0, make([]float64, len(c.logits))
	for i, z := range c.logits {
		label := int(c.sample.Labels[i])
		margins[i] = -margin(z, label)
		if errorProbability(z, label) < 1e-7 {
			certain++
		}
	}
	return fmt.Sprintf("median margin of the logits %.3g; probability above 1-1e-7 on %s", median(margins), formatRate(certain, len(c.logits)))
}

// followsUnsaturatedLoss tells whether a white-box attack of the evaluation
// follows a loss that does not saturate.
func (c *checkContext) followsUnsaturatedLoss() bool {
	if c.Evaluation == nil {
		return false
	}
	unsaturated := []attacks.Loss{attacks.Margin, attacks.DLR, attacks.TargetedDLR}
	return len(attacksOf(c.Evaluation, func(r attacks.AttackResult) bool {
		return r.Family == attacks.WhiteBox && slices.ContainsFunc(r.Losses, func(l attacks.Loss) bool { return slices.Contains(unsaturated, l) })
	})) > 0
}
