package geometry

import "unwarp/graphs"

// Kink is how far [WarpGradientAcross] looks over a kink, in pixels.
const Kink = .1

// WarpGradientAcross is the mean of [WarpGradient] at fields by less and by more. At
// whole displacements, such as none, samples have a kink, of which the gradient shows
// one side alone: a stroke that should move the other way would not begin to.
func WarpGradientAcross(dst, image, field, g []float32, h, w, c int, border graphs.Border, by float32) {
	shifted, part := make([]float32, len(field)), make([]float32, len(field))
	clear(dst)
	for _, by := range []float32{-by, by} {
		for i, d := range field {
			shifted[i] = d + by
		}
		WarpGradient(part, image, shifted, g, h, w, c, border)
		for i, v := range part {
			dst[i] += v / 2
		}
	}
}

// SumAround adds up a field [H,W,2] over the square that reaches so far around each
// pixel: of the gradient of a loss, the share of the pixels that move with it where
// neighbours must stay close.
func SumAround(field []float32, h, w, reach int) []float32 {
	out := make([]float32, len(field))
	for y := range h {
		for x := range w {
			for v := max(y-reach, 0); v <= min(y+reach, h-1); v++ {
				for u := max(x-reach, 0); u <= min(x+reach, w-1); u++ {
					out[2*(y*w+x)] += field[2*(v*w+u)]
					out[2*(y*w+x)+1] += field[2*(v*w+u)+1]
				}
			}
		}
	}
	return out
}
