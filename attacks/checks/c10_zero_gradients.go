package checks

import (
	"fmt"
	"math"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

var _ = register(Check{
	ID: "C10", Title: "Gradients are not zero",
	Threshold: "no gradient with NaN or infinity; none zero (below 1e-12); median within 2 orders of magnitude of the undefended model's",
	Source:    autoattack + "check_zero_gradients; " + art + "gradient check; Sabour, Frosst and Hinton 2018, section 6",
	needs:     needsModel, follows: attacks.Classification, judge: judgeZeroGradients,
})

func judgeZeroGradients(c *checkContext) (verdict, error) {
	gradients, err := c.labelGradients(c.gradient, attacks.Classification, c.sampleImages())
	if err != nil {
		return verdict{}, err
	}
	g := c.measureSizes(gradients)
	v := verdict{status: Pass, images: g.images}
	v.value = fmt.Sprintf("zero %s, below 1e-12 %d, not finite %d; %.1f %% of the values zero; median %.3g", formatRate(g.zero, len(gradients)), g.tiny, g.notFinite, 100*share(g.zeroValues, len(g.sizes)), median(g.sizes))
	if g.zero+g.tiny > 0 {
		v.status = Warn
	}
	// AutoAttack only warns, of any; more than 5 % is a defence that hides them.
	if g.notFinite > 0 || judgeAtMost(g.zero, len(gradients), .05) == Fail {
		v.status = Fail
	}
	if c.Undefended.Graph != nil && c.Undefended.Graph.Has(attacks.Classification) {
		text, s, err := c.compareGradientSize(median(g.sizes))
		if err != nil {
			return v, err
		}
		v.status, v.value = worstStatus(v.status, s), v.value+text
	}
	if v.status != Pass {
		v.advice = "attacks cannot follow a gradient that is zero: use loss=margin or dlr, a temperature, an attack without gradients (square, spsa, hopskipjump), or replace the part without a gradient by the identity in the backward pass"
	}
	return v, nil
}

// gradientSizes describe the gradients at the images of the sample.
type gradientSizes struct {
	zero, tiny, notFinite int       // gradients
	images                []int     // places of those
	sizes                 []float64 // of all values of the finite gradients
	zeroValues            int       // values that are exactly 0
}

func (c *checkContext) measureSizes(gradients []attacks.LossGradient) gradientSizes {
	var out gradientSizes
	for i, g := range gradients {
		finite, largest := allFinite(g.Gradient), largestSize(g.Gradient)
		switch {
		case !finite:
			out.notFinite++
		case largest == 0:
			out.zero++
		case largest < 1e-12:
			out.tiny++
		}
		if !finite || largest < 1e-12 {
			out.images = append(out.images, c.sample.Index[i])
		}
		if !finite {
			continue
		}
		out.sizes = appendSizes(out.sizes, g.Gradient)
		for _, v := range g.Gradient {
			if v == 0 {
				out.zeroValues++
			}
		}
	}
	return out
}

// appendSizes appends the absolute values of x.
func appendSizes(sizes []float64, x []float32) []float64 {
	for _, v := range x {
		sizes = append(sizes, math.Abs(float64(v)))
	}
	return sizes
}

// compareGradientSize compares the median gradient with that of the undefended
// model.
func (c *checkContext) compareGradientSize(size float64) (text string, s Status, err error) {
	gradients, err := c.labelGradients(engine.NewBatchRunner(c.Undefended, c.Batch), attacks.Classification, c.sampleImages())
	if err != nil {
		return "", Pass, err
	}
	var sizes []float64
	for _, g := range gradients {
		sizes = appendSizes(sizes, g.Gradient)
	}
	base := median(sizes)
	orders := math.Log10(max(base, 1e-45)) - math.Log10(max(size, 1e-45))
	text = fmt.Sprintf(", of the undefended model %.3g (%.1f orders of magnitude)", base, orders)
	switch {
	case orders >= 16: // as Sabour, Frosst and Hinton found of a masked model
		return text, Fail, nil
	case orders > 2:
		return text, Warn, nil
	}
	return text, Pass, nil
}
