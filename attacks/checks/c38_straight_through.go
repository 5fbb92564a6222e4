package checks

import (
	"fmt"
	"slices"

	"unwarp/attacks"
	"unwarp/graphs/bpda"
)

var _ = register(Check{
	ID: "C38", Title: "Operations without a gradient hide nothing",
	Threshold: "APGD with straight-through gradients misclassifies no more images than with plain gradients",
	Source:    "Athalye, Carlini and Wagner 2018 (BPDA)",
	needs:     needsModel, attacks: straightThroughAttacks, judge: judgeStraightThrough,
})

// straightThroughAttacks are APGD on each loss with the plain and with the
// straight-through gradient, if the model has operations without a gradient.
func straightThroughAttacks(c *checkContext) []string {
	if len(c.Gradient.Graph.Replaced()) == 0 {
		return nil
	}
	plain, straight := gradientPairs(c)
	return append(plain, straight...)
}

// gradientPairs are the same attacks with either gradient.
func gradientPairs(c *checkContext) (plain, straight []string) {
	for _, l := range new(lossDeclaration).Losses(c.victim) {
		if l == attacks.Classification || l == attacks.Margin {
			plain = append(plain, fmt.Sprintf("apgd(loss=%s)", l))
			straight = append(straight, fmt.Sprintf("apgd(loss=%s,gradient=%s)", l, attacks.StraightThrough))
		}
	}
	return plain, straight
}

func judgeStraightThrough(c *checkContext) (verdict, error) {
	replaced := c.Gradient.Graph.Replaced()
	if len(replaced) == 0 {
		return verdict{status: Pass, value: "every operation between image and logits has a gradient"}, nil
	}
	plainTexts, straightTexts := gradientPairs(c)
	plain, reason := c.misclassifiedUnderAnyOf(plainTexts)
	if plain == nil {
		return skip(reason)
	}
	straight, reason := c.misclassifiedUnderAnyOf(straightTexts)
	if straight == nil {
		return skip(reason)
	}
	v := verdict{images: c.placesOnlyIn(straight, plain)}
	v.status = judgeNoBetter(len(v.images), len(c.placesOnlyIn(plain, straight)), 1)
	v.value = fmt.Sprintf("without a gradient (what stands in for it): %s; at eps %g of %d images APGD misclassifies %d with plain gradients, %d with straight-through ones, %d of them with these alone",
		bpda.Text(replaced), c.Eps, len(plain), countTrue(plain), countTrue(straight), len(v.images))
	if v.status != Pass {
		v.advice = "plain gradients miss examples: add apgd(gradient=straight-through) and apgd(loss=margin,gradient=straight-through)"
		if c.followsStraightThrough() {
			v.status, v.advice = Warn, "plain gradients alone would overrate the model; the evaluation has attacks with straight-through gradients too, which count"
		}
	}
	return v, nil
}

// misclassifiedUnderAnyOf tells which images of the sample one of some attacks
// makes the model misclassify; nil and the reason if one was not run.
func (c *checkContext) misclassifiedUnderAnyOf(texts []string) (flags []bool, reason string) {
	all, reason := c.misclassifiedUnderEach(texts...)
	if all == nil {
		return nil, reason
	}
	flags = make([]bool, c.sample.Len())
	for _, f := range all {
		for i := range f {
			flags[i] = flags[i] || f[i]
		}
	}
	return flags, ""
}

// followsStraightThrough tells whether a white-box attack of the evaluation with
// straight-through gradients has run on all images.
func (c *checkContext) followsStraightThrough() bool {
	if c.Evaluation == nil {
		return false
	}
	straight := attacksOf(c.Evaluation, func(r attacks.AttackResult) bool {
		return isWhiteBox(r) && param(r, "gradient") == string(attacks.StraightThrough)
	})
	return slices.ContainsFunc(straight, func(a int) bool { return len(unfinishedImages(c.Evaluation, []int{a})) == 0 })
}
