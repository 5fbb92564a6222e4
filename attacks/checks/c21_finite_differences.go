package checks

import (
	"fmt"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

var _ = register(Check{
	ID: "C21", Title: "Gradients agree with finite differences",
	Threshold: "10 images, 50 pixels each: cosine at least .99, signs at least 98 %",
	Source:    thisProject,
	needs:     needsModel | needsDeterminism, follows: attacks.Linear, judge: judgeFiniteDifferences,
})

func judgeFiniteDifferences(c *checkContext) (verdict, error) {
	// The reference model has the same graph in float32, the precision in which
	// differences are taken.
	twoModels := c.Gradient.Net != c.Reference.Net && c.Reference.Graph.Has(attacks.Linear)
	model := c.gradient
	if twoModels {
		model = c.reference
	}
	m, err := c.measureGradients(model)
	if err != nil {
		return verdict{}, err
	}
	if m.judged == 0 {
		return skip("neither gradients nor differences show any change")
	}
	wrong := len(m.wrong)
	v := verdict{status: Pass, images: m.wrong}
	v.value = fmt.Sprintf("%d of %d images agree; smallest cosine %.4f, fewest signs %.1f %%", m.judged-wrong, m.judged, m.cosine, 100*m.signs)
	// One image next to a kink does not make the gradient wrong.
	if wrong > 0 {
		v.status = worstStatus(Warn, judgeAtMost(wrong, m.judged, .1))
		v.advice = "the gradient that attacks follow is not that of the model: look for parts without a gradient, or with a gradient of their own (straight-through, stop-gradient)"
	}
	if 2*m.vanished > m.judged {
		v.value += fmt.Sprintf("; the gradient is zero on %d, but the logits change", m.vanished)
		v.advice = "the gradients vanish: attacks cannot follow them; replace the part without a gradient by the identity in the backward pass, or attack without gradients (square, spsa, hopskipjump)"
	} else if twoModels {
		v = c.judgeGradientModel(v, median(m.between))
	}
	return v, nil
}

// gradientMeasurement is how gradients agree with finite differences.
type gradientMeasurement struct {
	judged        int       // images, without those on which nothing changes
	vanished      int       // of them, with a gradient that is zero
	wrong         []int     // places of the images on which they do not agree
	cosine, signs float64   // the smallest of all images
	between       []float64 // cosines with the gradient model's gradient
}

// measureGradients measures a model's gradient next to the first images of the
// sample.
func (c *checkContext) measureGradients(model *engine.BatchRunner) (gradientMeasurement, error) {
	m := gradientMeasurement{cosine: 1, signs: 1}
	for i, img := range c.firstImages(expensiveImages) {
		if err := c.ctx.Err(); err != nil {
			return m, err
		}
		a, between, err := c.measureGradientAt(model, i, nearbyPoint(c.imageRand(i, 121), img))
		if err != nil {
			return m, err
		}
		if a.onlyRounding {
			continue
		}
		m.judged++
		if a.zero {
			m.vanished++
		}
		if !a.agrees() {
			m.wrong = append(m.wrong, c.sample.Index[i])
		}
		m.cosine, m.signs, m.between = min(m.cosine, a.cosine), min(m.signs, a.signs), append(m.between, between)
	}
	return m, nil
}

// measureGradientAt compares a model's gradient at a point near image i of the
// sample with differences, and with the gradient model's: between is the cosine
// of the two gradients.
func (c *checkContext) measureGradientAt(model *engine.BatchRunner, i int, point []float32) (a agreement, between float64, err error) {
	g, err := c.runnerUpGradient(model, i, point)
	if err != nil {
		return a, 0, err
	}
	a, err = c.compareWithDifferences(i, point, g)
	if a.zero = largestSize(g) == 0; err != nil || a.onlyRounding || model == c.gradient {
		return a, 1, err
	}
	other, err := c.runnerUpGradient(c.gradient, i, point)
	if err != nil {
		return a, 0, err
	}
	return a, cosine(g, other), nil
}

// judgeGradientModel adds to v how the gradient model's gradient agrees with
// the reference model's.
func (c *checkContext) judgeGradientModel(v verdict, medianCosine float64) verdict {
	v.value += fmt.Sprintf("; median cosine of the gradient model's (%s) gradient with the reference model's %.4f", c.Gradient.Net.Precision, medianCosine)
	if medianCosine < .9 { // bfloat16 rounds to 8 bits, in each layer
		v.status = worstStatus(v.status, Warn)
		if medianCosine < .5 {
			v.status = Fail
		}
		v.advice = "the gradient model's gradient is not the reference model's: precision=float32"
	}
	return v
}
