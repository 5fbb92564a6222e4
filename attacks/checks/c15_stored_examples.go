package checks

import (
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C15", Title: "Examples lie in ball and box",
	Threshold: "every stored example: within its distance + 1e-6, finite, in [0,1], or what its geometric change makes of the image within 1e-4, and misclassified in a pass of its own",
	Source:    autoattack + "final check; foolbox issue 711",
	needs:     needsEvaluation | needsModel | needsAttempts, judge: judgeStoredExamples,
})

func judgeStoredExamples(c *checkContext) (verdict, error) {
	refused := 0
	for _, a := range c.Evaluation.Attacks {
		for _, r := range a.Results {
			refused += r.Invalid
		}
	}
	all := c.keptExamples()
	if len(all) == 0 {
		return skip("no examples are kept")
	}
	logits, err := c.classifyExamples(all, func(x []float32) []float32 { return x })
	if err != nil {
		return verdict{}, err
	}
	outside, otherClass, places := c.countInvalid(all, logits)
	v := verdict{status: Pass, images: places}
	v.value = fmt.Sprintf("%d examples: %d outside ball or box, %d not classified as claimed; %d claims were refused", len(all), outside, otherClass, refused)
	switch {
	case outside > 0 || otherClass > 0 && !c.isRandom():
		v.status, v.advice = Fail, "these are no adversarial examples: do not count them"
	case otherClass > 0:
		v.status, v.advice = Warn, randomModel
	case refused > 0:
		v.status, v.advice = Warn, "an attack proposes images outside ball or box; they are not counted, but its success rate may be too low"
	}
	return v, nil
}

// countInvalid counts the examples that lie outside ball or box, and those whose
// logits are not of the reported class; places are those of their images, each
// once.
func (c *checkContext) countInvalid(all []example, logits [][]float32) (outside, otherClass int, places []int) {
	for n, e := range all {
		isOutside := !c.isInBallAndBox(e)
		isOther := !c.isOfClass(logits[n], e) || !allFinite(logits[n])
		if isOutside {
			outside++
		}
		if isOther {
			otherClass++
		}
		if (isOutside || isOther) && !slices.Contains(places, e.place) {
			places = append(places, e.place)
		}
	}
	return outside, otherClass, places
}

// isOfClass tells whether logits are those of the reported class, and not of the
// label, up to the rounding of another batch.
func (c *checkContext) isOfClass(logits []float32, e example) bool {
	limit := attacks.Rounding * c.spread(logits)
	return e.class != e.label && attacks.Lead(logits, e.class) <= limit && attacks.Lead(logits, e.label) >= -limit
}

// isInBallAndBox measures an example by arithmetic that it shares with no
// attack and no referee.
func (c *checkContext) isInBallAndBox(e example) bool {
	if c.isGeometric() {
		return c.isTransform(e)
	}
	if len(e.image) != len(e.clean) {
		return false
	}
	var linf, l2, l1 float64
	for k, y := range e.image {
		if !(y >= c.threat.Lo && y <= c.threat.Hi) { // NaN too
			return false
		}
		d := math.Abs(float64(y) - float64(e.clean[k]))
		linf, l2, l1 = max(linf, d), l2+d*d, l1+d
	}
	size := map[attacks.Norm]float64{attacks.Linf: linf, attacks.L2: math.Sqrt(l2), attacks.L1: l1}[c.threat.Norm]
	// In the attack's norm the smallest example need not be the one that is
	// nearest in the threat's.
	return !e.exact || size <= e.distance+1e-6*max(1, e.distance)
}
