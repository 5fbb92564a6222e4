package checks

import (
	"fmt"
	"slices"
	"strings"
)

var _ = register(Check{
	ID: "C06", Title: "Step size matters little",
	Threshold: "half, same and double step size: spread at most 2 points",
	Source:    carlini + "hyper-parameters",
	needs:     needsModel, attacks: stepSizeAttacks, judge: judgeStepSize,
})

// stepSizeAttacks are the attack with half, its own, and twice its step size.
func stepSizeAttacks(c *checkContext) []string {
	a := c.attackUnderTest()
	if a.stepSize == 0 {
		return nil
	}
	var out []string
	for _, f := range []float32{.5, 1, 2} {
		b := a
		b.stepSize *= f
		out = append(out, b.text())
	}
	return out
}

// judgeStepSize fails only where another step size has more successes than the
// attack's own; where the attack's own is best, a spread merely warns.
func judgeStepSize(c *checkContext) (verdict, error) {
	texts := stepSizeAttacks(c)
	if texts == nil {
		return skip("the attack adapts its step size")
	}
	flags, reason := c.misclassifiedUnderEach(texts...)
	if flags == nil {
		return skip(reason)
	}
	n, counts, parts := len(flags[0]), make([]int, len(texts)), make([]string, len(texts))
	for i, text := range texts {
		counts[i] = countTrue(flags[i])
		parts[i] = fmt.Sprintf("%s %d", text, counts[i])
	}
	most := slices.Max(counts)
	more := gainOf(flags[slices.Index(counts, most)], flags[1])
	v := verdict{status: Pass, value: fmt.Sprintf("misclassified of %d at eps %g: %s", n, c.Eps, strings.Join(parts, ", "))}
	if share(most-slices.Min(counts), n) > .02 {
		v.status = worstStatus(Warn, more.judge(.02, len(texts)-1))
		v.value += fmt.Sprintf(" (best and own: %s)", more)
		v.advice = "the result depends on the step size: use " + texts[slices.Index(counts, most)] + ", or apgd, which adapts it"
	}
	return v, nil
}
