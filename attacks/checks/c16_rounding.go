package checks

import (
	"math"
	"slices"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C16", Title: "Examples survive rounding to 8 bits",
	Threshold: "reported; at most 5 % lost, not counting attacks that look for the decision boundary",
	Source:    "foolbox issues 162, 324, 423",
	needs:     needsEvaluation | needsModel | needsAttempts, judge: judgeRounding,
})

func judgeRounding(c *checkContext) (verdict, error) {
	all := c.keptExamples()
	if len(all) == 0 {
		return skip("no examples are kept")
	}
	logits, err := c.classifyExamples(all, roundTo255)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{status: Pass}
	lost, kept := map[bool]int{}, map[bool]int{} // by whether the attack looks for the boundary
	for n, e := range all {
		kept[e.minimumNorm]++
		if attacks.Correct(logits[n], e.label) {
			lost[e.minimumNorm]++
			if !e.minimumNorm && !slices.Contains(v.images, e.place) {
				v.images = append(v.images, e.place)
			}
		}
	}
	var parts []string
	if kept[false] > 0 {
		parts = append(parts, formatRate(lost[false], kept[false]))
	}
	if kept[true] > 0 { // expected, as they lie on the boundary
		parts = append(parts, "of attacks that look for the decision boundary "+formatRate(lost[true], kept[true]))
	}
	v.value = "lost by rounding to k/255: " + strings.Join(parts, ", ")
	if judgeAtMost(lost[false], kept[false], .05) == Fail {
		v.status = Warn
		v.advice = "store examples as .npz, not as 8-bit images"
	} else {
		v.images = nil
	}
	return v, nil
}

// roundTo255 rounds to multiples of 1/255.
func roundTo255(x []float32) []float32 {
	out := make([]float32, len(x))
	for k, v := range x {
		out[k] = float32(math.Round(float64(v)*255) / 255)
	}
	return out
}
