package checks

import (
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
)

// margin is the best other logit minus the label's: positive, or 0, where the
// image is misclassified.
func margin(logits []float32, label int) float64 { return attacks.Lead(logits, label) }

// errorProbability is 1 minus the softmax probability of a class, exact where
// that is near 1.
func errorProbability(logits []float32, class int) float64 {
	var rest float64
	for k, v := range logits {
		if k != class {
			rest += math.Exp(float64(v) - float64(logits[class]))
		}
	}
	if math.IsInf(rest, 1) {
		return 1
	}
	return rest / (1 + rest)
}

// runnerUp is the class, other than the label, with the largest logit at the
// clean image i of the sample.
func (c *checkContext) runnerUp(i int) int {
	return vector.ArgmaxExcept(c.logits[i], int(c.sample.Labels[i]))
}

// runnerUpMargin is the logit of the clean image's runner-up minus the label's,
// of the logits at a point near image i of the sample. Unlike the cross-entropy
// it does not saturate, and unlike the margin it has no kink where a third class
// has the largest logit.
func (c *checkContext) runnerUpMargin(i int, logits []float32) float64 {
	return float64(logits[c.runnerUp(i)]) - float64(logits[c.sample.Labels[i]])
}

// runnerUpGradient is the gradient of runnerUpMargin at a point.
func (c *checkContext) runnerUpGradient(model *engine.BatchRunner, i int, point []float32) ([]float32, error) {
	weights := make([]float32, c.victim.Classes)
	weights[c.runnerUp(i)], weights[c.sample.Labels[i]] = 1, -1
	g, err := model.LossGradients(attacks.Linear, attacks.Request{Image: point, Cotangent: weights})
	if err != nil {
		return nil, err
	}
	return g[0].Gradient, nil
}

// spread is that of logits, or the median of the sample's where it is larger: the
// size against which rounding is measured. Near the boundary between two classes
// the spread is nothing but the margin.
func (c *checkContext) spread(logits []float32) float64 {
	return max(attacks.Spread(logits), c.medianSpread)
}

// shareOf is part/whole, 0 where both are 0.
func shareOf(part, whole float64) float64 {
	if part == 0 {
		return 0
	}
	return part / whole
}

// largestSize is the largest absolute value of x.
func largestSize(x []float32) float64 { return float64(attacks.Linf.Of(x)) }

// allFinite tells whether no value is NaN or infinite.
func allFinite(x []float32) bool {
	return !slices.ContainsFunc(x, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) })
}
