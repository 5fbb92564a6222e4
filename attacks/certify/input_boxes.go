package certify

import "slices"

// box is a part of the images, with the bound known of it.
type box struct {
	lower, upper []float32
	bound        float32
}

// LeastMargin implements [bounds.Part].
func (b box) LeastMargin() float64 { return float64(b.bound) }

// middle is an image of the box.
func (b box) middle() []float32 {
	x := make([]float32, len(b.lower))
	for i, l := range b.lower {
		x[i] = min(max((l+b.upper[i])/2, l), b.upper[i])
	}
	return x
}

// corner is the image of the box farthest along slope.
func (b box) corner(slope []float32) []float32 {
	x := slices.Clone(b.lower)
	for k, g := range slope {
		if g > 0 {
			x[k] = b.upper[k]
		}
	}
	return x
}

// steepest is the value with the largest change along slope. To each part of slope
// their mean is added, since a slope at one point can be 0 where the bounds are not.
func (b box) steepest(slope []float32) int {
	var mean float32
	for _, g := range slope {
		mean += max(g, -g) / float32(len(slope))
	}
	change := func(k int) float32 {
		width := b.upper[k] - b.lower[k]
		if mean == 0 {
			return width
		}
		return width * (mean + max(slope[k], -slope[k]))
	}
	best := 0
	for k := range slope {
		if change(k) > change(best) {
			best = k
		}
	}
	return best
}

// halves are the parts of b below and above the middle of value k; both hold it.
func (b box) halves(k int) [2]box {
	middle := b.middle()[k]
	below, above := b, b
	below.upper, above.lower = slices.Clone(b.upper), slices.Clone(b.lower)
	below.upper[k], above.lower[k] = middle, middle
	return [2]box{below, above}
}
