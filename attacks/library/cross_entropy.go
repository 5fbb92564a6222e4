package library

import (
	"math"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// logProbability is the logarithm of the softmax probability of class k, of
// logits divided by temperature.
func logProbability(z []float32, k int, temperature float64) float64 {
	top := float64(z[vector.Argmax(z)])
	var sum float64
	for _, v := range z {
		sum += math.Exp((float64(v) - top) / temperature)
	}
	return (float64(z[k])-top)/temperature - math.Log(sum)
}

// successCrossEntropy is the loss that an attack on scores decreases: the
// cross-entropy of the target, or that of the label negated.
func successCrossEntropy(o *attacks.Oracle, z []float32) float64 {
	temperature := float64(attacks.Temperature(o.Clean))
	if o.Target >= 0 {
		return -logProbability(z, o.Target, temperature)
	}
	return logProbability(z, o.Label, temperature)
}
