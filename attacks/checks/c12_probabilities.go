package checks

import (
	"fmt"
	"math"
)

var _ = register(Check{
	ID: "C12", Title: "The output is logits",
	Threshold: "not all in [0,1] with sum 1 ± 1e-5",
	Source:    autoattack + "check_range_output",
	needs:     needsModel, judge: judgeProbabilities,
})

func judgeProbabilities(c *checkContext) (verdict, error) {
	lo, hi, difference := math.Inf(1), math.Inf(-1), 0.
	for _, one := range c.classified {
		var sum float64
		for _, v := range one.logits {
			lo, hi, sum = min(lo, float64(v)), max(hi, float64(v)), sum+float64(v)
		}
		difference = max(difference, math.Abs(sum-1))
	}
	v := verdict{status: Pass, value: fmt.Sprintf("values in [%.3g, %.3g], sums differ from 1 by up to %.3g", lo, hi, difference)}
	if math.IsNaN(difference) || math.IsInf(difference, 0) {
		v.status, v.value = Fail, "some logits are not finite numbers"
		v.advice = "attacks cannot compare such logits: look for overflow, division by zero or the logarithm of 0"
		return v, nil
	}
	if lo >= 0 && hi <= 1 && difference <= 1e-5 {
		v.status = Fail
		v.advice = "these are probabilities: attack the input of the softmax, or the logarithms of its output, whose gradient does not vanish"
	}
	return v, nil
}
