package library

import "math"

// etaPair is two pyramids of opposite sign, one above the other, on s by s pixels
// (section 3.3 of the paper), of norm 1. power is the exponent of the norm, 1 or
// 2; the pyramids of L1 are steeper.
func etaPair(s int, power float64) []float64 {
	decay := 2.
	if power == 1 {
		decay = 4
	}
	out := append(eta(s/2, s, decay, power), eta(s-s/2, s, decay, power)...)
	for i := s / 2 * s; i < len(out); i++ {
		out[i] = -out[i]
	}
	return normaliseInPlace(out, power)
}

// eta is one pyramid on h by w pixels, of norm 1: the sum of boxes around the
// middle, of which box k has the height 1/(k+1)^decay.
func eta(h, w int, decay, power float64) []float64 {
	out := make([]float64, h*w)
	for k := range max(h, w)/2 + 1 {
		for y := max(0, h/2-k); y < min(h, h/2+k+1); y++ {
			for x := max(0, w/2-k); x < min(w, w/2+k+1); x++ {
				out[y*w+x] += 1 / math.Pow(float64(k+1), decay)
			}
		}
	}
	return normaliseInPlace(out, power)
}

// normaliseInPlace scales v to norm 1, in place, and returns it.
func normaliseInPlace(v []float64, power float64) []float64 {
	var sum float64
	for _, x := range v {
		sum += math.Pow(math.Abs(x), power)
	}
	f := 1 / math.Pow(max(sum, 1e-300), 1/power)
	for i := range v {
		v[i] *= f
	}
	return v
}
