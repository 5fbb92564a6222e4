package checks

import (
	"fmt"
	"slices"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C13", Title: "The model is deterministic",
	Threshold: "5 passes: same classes, logits within 1e-4 of their spread",
	Source:    autoattack + "check_randomized",
	needs:     needsModel, judge: judgeDeterminism,
})

// repeatedPasses is how often C13 computes the sample's logits.
const repeatedPasses = 5

func judgeDeterminism(c *checkContext) (verdict, error) {
	v := verdict{status: Pass, images: c.unstableClass, value: fmt.Sprintf("logits differ by up to %.2g of their spread, %d of %d images change class", c.largestDifference, len(c.unstableClass), c.sample.Len())}
	if c.isRandom() {
		v.status = Fail
		v.advice = "the model is random, or dropout is on: average gradients (eot=20 or more) and classify each example by several passes"
		if c.Evaluation != nil && averagesGradients(c.Evaluation) {
			v.status = Warn
			v.advice = "the model is random: gradients were averaged, but an example still counts as soon as one pass misclassifies it"
		}
	}
	return v, nil
}

// repeatPasses measures how much logits differ from pass to pass, before the
// first check: several checks depend on it. The passes are of the same images in
// the same order: what differs is not what images of a batch do to each other.
func (c *checkContext) repeatPasses() error {
	var first, firstCentred [][]float32
	for range repeatedPasses {
		logits, err := c.reference.Logits(c.sampleImages()...)
		if err != nil {
			return err
		}
		centred, err := c.reference.CentredLogits(c.sampleImages()...)
		if err != nil {
			return err
		}
		if first == nil {
			first, firstCentred = logits, centred
		}
		for i, z := range logits {
			c.comparePasses(i, first[i], firstCentred[i], z, centred[i])
		}
	}
	return nil
}

// comparePasses takes in the logits of image i of the sample in two passes.
func (c *checkContext) comparePasses(i int, a, aCentred, b, bCentred []float32) {
	c.largestDifference = max(c.largestDifference, shareOf(attacks.L2.Distance(aCentred, bCentred), c.spread(aCentred)))
	label := int(c.sample.Labels[i])
	if attacks.Correct(a, label) != attacks.Correct(b, label) && !slices.Contains(c.unstableClass, c.sample.Index[i]) {
		c.unstableClass = append(c.unstableClass, c.sample.Index[i])
	}
}

// isRandom tells whether logits differ from pass to pass by more than rounding.
func (c *checkContext) isRandom() bool {
	return c.largestDifference > 1e-4 || len(c.unstableClass) > 0
}

// averagesGradients tells whether every white-box attack averages over passes.
func averagesGradients(ev *attacks.Evaluation) bool {
	white := attacksOf(ev, isWhiteBox)
	return len(white) > 0 && !slices.ContainsFunc(white, func(a int) bool { return intParam(ev.Attacks[a], "eot") < 2 })
}
