package geometry

import (
	"math"

	"unwarp/graphs"
)

// Warp writes to dst bilinear samples of image [H,W,C], H and W at least 2, at
// positions displaced by field [H,W,2], (dx,dy) in pixels. It does what
// [graphs.Warp] does for one image, in float32 and in the same order: a field
// gives the same result, bit by bit.
func Warp(dst, image, field []float32, h, w, c int, border graphs.Border) {
	at, ring := bordered(image, h, w, c, border)
	for y := range h {
		for x := range w {
			i := y*w + x
			right, left := locateSample(x+ring, field[2*i], w+2*ring)
			lower, upper := locateSample(y+ring, field[2*i+1], h+2*ring)
			for k := range c {
				top := mix(at(upper, left, k), at(upper, left+1, k), right)
				bottom := mix(at(upper+1, left, k), at(upper+1, left+1, k), right)
				dst[i*c+k] = mix(top, bottom, lower)
			}
		}
	}
}

// bordered reads image [H,W,C] with a ring of zeros around it, where the border is
// zero: ring is its width in pixels, and positions count from its corner.
func bordered(image []float32, h, w, c int, border graphs.Border) (at func(y, x, k int) float32, ring int) {
	if border == graphs.Zero {
		ring = 1
	}
	return func(y, x, k int) float32 {
		y, x = y-ring, x-ring
		if y < 0 || x < 0 || y >= h || x >= w {
			return 0
		}
		return image[(y*w+x)*c+k]
	}, ring
}

// locateSample is the position of pixel i of a side of n pixels, displaced by d
// and kept within the side: the weight of the far neighbour and the index of the
// near one.
func locateSample(i int, d float32, n int) (weight float32, near int) {
	p := min(max(d+float32(i), 0), float32(n-1))
	whole := min(float32(math.Floor(float64(p))), float32(n-2))
	return p - whole, max(int(whole), 0)
}

// mix is a·(1-w) + b·w; the conversions keep a compiler from joining product
// and sum, which rounds once where a graph rounds twice.
func mix(a, b, w float32) float32 { return float32(a*(1-w)) + float32(b*w) }
