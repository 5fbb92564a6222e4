package corruption

import (
	"math"
	"math/rand/v2"
)

// blurGaussian has standard deviation sigma, in pixels; the kernel ends after
// four of them.
func blurGaussian(p picture, x []float32, sigma float64, _ *rand.Rand) {
	radius := int(4*sigma + .5)
	kernel := make([]float64, 2*radius+1)
	for i := range kernel {
		d := float64(i - radius)
		kernel[i] = math.Exp(-d * d / (2 * sigma * sigma))
	}
	p.convolve(x, kernel)
}

// blurBox averages over a square of the given side, in pixels, whose outermost
// pixels may count in part.
func blurBox(p picture, x []float32, side float64, _ *rand.Rand) {
	radius := int(math.Ceil((side - 1) / 2))
	kernel := make([]float64, 2*radius+1)
	for i := range kernel {
		d := math.Abs(float64(i - radius))
		kernel[i] = min(1, max(0, side/2+.5-d))
	}
	p.convolve(x, kernel)
}

// convolve writes to x the convolution of p with kernel along both sides. The
// kernel, of odd length, is scaled to sum 1; edge pixels are repeated.
func (p picture) convolve(x []float32, kernel []float64) {
	var sum float64
	for _, k := range kernel {
		sum += k
	}
	radius := len(kernel) / 2
	rows := make([]float64, len(x)) // convolved along the rows
	for y := range p.h {
		for u := range p.w {
			for k := range p.c {
				var v float64
				for i, weight := range kernel {
					at := min(max(u+i-radius, 0), p.w-1)
					v += weight * float64(p.pixels[(y*p.w+at)*p.c+k])
				}
				rows[(y*p.w+u)*p.c+k] = v / sum
			}
		}
	}
	for y := range p.h {
		for i := range p.w * p.c {
			var v float64
			for j, weight := range kernel {
				v += weight * rows[min(max(y+j-radius, 0), p.h-1)*p.w*p.c+i]
			}
			x[y*p.w*p.c+i] = float32(v / sum)
		}
	}
}
