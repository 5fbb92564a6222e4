package checks

import (
	"fmt"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = register(Check{
	ID: "C37", Title: "Logits are not lost in an offset",
	Threshold: "float32 resolves at least a ten-thousandth of the spread of an image's logits; no class depends on less",
	Source:    thisProject,
	judge:     judgeOffset,
})

// coarse is the share of the spread that one step of float32 may be.
const coarse = 1e-4

// judgeOffset looks for a constant next to which the logits lose their digits.
// It changes no class, but leads become steps of float32, or ties.
func judgeOffset(c *checkContext) (verdict, error) {
	if c.Reference.Graph == nil || len(c.classified) == 0 {
		return skip("there is no model to run")
	}
	var steps, sizes []float64
	v := verdict{status: Pass}
	for _, one := range c.classified {
		steps = append(steps, shareOf(attacks.Resolution(one.logits), attacks.Spread(one.centred)))
		sizes = append(sizes, largestSize(one.logits))
		if one.isDecidedByRounding() {
			v.images = append(v.images, c.Images.Index[one.image])
		}
	}
	step, ties := median(steps), 0
	v.value = fmt.Sprintf("median of the largest logit %.3g; a step of float32 is %.2g of the spread of an image's logits", median(sizes), step)
	if step <= coarse {
		v.images = nil
		return v, nil
	}
	if c.Evaluation != nil {
		ties = c.Evaluation.TiedCount(c.Eps)
	}
	v.value += fmt.Sprintf("; the class of %d of %d images depends on it, and %d are misclassified in ties alone at eps %g", len(v.images), len(steps), ties, c.Eps)
	v.status, v.advice = Warn, "a constant far larger than their differences is in all logits: subtract it in the last layer; attacks see logits without it where it is a bias"
	if len(v.images)+ties > 0 {
		v.status = Fail
	}
	return v, nil
}

// isDecidedByRounding tells whether the largest logit is not the same without
// the offset, or not alone.
func (one classifiedImage) isDecidedByRounding() bool {
	top := vector.Argmax(one.logits)
	return attacks.Lead(one.logits, top) == 0 || attacks.Lead(one.centred, top) > 0
}
