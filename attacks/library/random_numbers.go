package library

import (
	"math/rand/v2"

	"unwarp/attacks"
)

// randomSign is -1 or 1 with equal probability.
func randomSign(r *rand.Rand) float32 {
	if r.Uint64()&1 == 0 {
		return -1
	}
	return 1
}

// fillNormal fills v with standard normal numbers.
func fillNormal(r *rand.Rand, v []float32) {
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
}

// fillNoise fills v with noise for a norm: uniform in [-1,1] for Linf, else
// standard normal.
func fillNoise(r *rand.Rand, n attacks.Norm, v []float32) {
	if n != attacks.Linf {
		fillNormal(r, v)
		return
	}
	for i := range v {
		v[i] = 2*r.Float32() - 1
	}
}

// noisyImage is the clean image plus noise for the threat's norm, not projected.
func noisyImage(o *attacks.Oracle) []float32 {
	x := make([]float32, len(o.Image))
	fillNoise(o.Rand, o.Threat.Norm, x)
	for i, x0 := range o.Image {
		x[i] += x0
	}
	return x
}
