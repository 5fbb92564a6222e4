package attacks

import "math"

// LogitUnit is the power of ten by which attacks divide margins where they weigh
// them against a distance, so that they find the same examples if all logits are
// multiplied by a factor. clean are the logits of the image. It is 1 for logits
// of ordinary size, with a spread of at least .1 and less than 1000: weights mean
// there what they mean in the papers. It makes the spread of others 10 to 100. A
// search that multiplies its weight by ten meets the same weights in each unit.
func LogitUnit(clean []float32) float64 {
	spread := Spread(clean)
	if !(spread > 0) || spread >= .1 && spread < 1000 {
		return 1
	}
	return math.Pow(10, math.Floor(math.Log10(spread))-1)
}

// Temperature is what the cross-entropy of attacks divides logits by: their unit,
// where no training gives logits that size, so that softmax cannot tell them apart
// or is 0 and 1 everywhere. Logits with a spread of up to 1e5 keep their softmax,
// and with it what a model may hide by its saturation.
func Temperature(clean []float32) float32 {
	if spread := Spread(clean); spread >= .1 && spread < 1e5 {
		return 1
	}
	return float32(LogitUnit(clean))
}
