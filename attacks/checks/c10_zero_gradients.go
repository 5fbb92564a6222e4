package checks

import (
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C10", Title: "Gradients are not zero",
	Threshold: "no gradient with NaN or infinity; none zero (below 1e-12 of the spread of the logits)",
	Source:    autoattack + "check_zero_gradients; " + art + "gradient check",
	needs:     needsModel, follows: attacks.Classification, judge: judgeZeroGradients,
})

func judgeZeroGradients(c *checkContext) (verdict, error) {
	gradients, err := c.labelGradients(c.gradient, attacks.Classification, c.sampleImages())
	if err != nil {
		return verdict{}, err
	}
	g := c.measureSizes(gradients)
	v := verdict{status: Pass, images: g.images}
	v.value = fmt.Sprintf("zero %s, tiny %d, not finite %d; %.1f %% of the values zero; median %.3g", formatRate(g.zero, len(gradients)), g.tiny, g.notFinite, 100*share(g.zeroValues, len(g.sizes)), median(g.sizes))
	if g.zero+g.tiny > 0 {
		v.status = Warn
	}
	// AutoAttack only warns, of any; more than 5 % is a defence that hides them.
	if g.notFinite > 0 || judgeAtMost(g.zero, len(gradients), .05) == Fail {
		v.status = Fail
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
		tiny := 1e-12 * float64(slices.Max(g.Logits)-slices.Min(g.Logits))
		switch {
		case !finite:
			out.notFinite++
		case largest == 0:
			out.zero++
		case largest < tiny:
			out.tiny++
		}
		if !finite || largest == 0 || largest < tiny {
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
