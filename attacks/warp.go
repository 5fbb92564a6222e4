package attacks

import "math"

// warp samples image [H,W,C] at positions displaced by field [H,W,2], (dx, dy)
// in pixels: the definition of graphs.Warp with the clamped border, where
// attacks need it outside a graph. H and W must be at least 2.
func warp(dst, image, field []float32, h, w, c int) {
	for y := range h {
		for x := range w {
			i := y*w + x
			u, left, _ := place(x, field[2*i], w)
			v, upper, _ := place(y, field[2*i+1], h)
			for k := range c {
				at := (upper*w+left)*c + k
				top := (1-u)*image[at] + u*image[at+c]
				bottom := (1-u)*image[at+w*c] + u*image[at+w*c+c]
				dst[i*c+k] = (1-v)*top + v*bottom
			}
		}
	}
}

// warpSlope writes to slope [H,W,2] the gradient by the field of a loss whose
// gradient by the warped image is g [H,W,C]: by the field, warp's transpose.
func warpSlope(slope, image, field, g []float32, h, w, c int) {
	for y := range h {
		for x := range w {
			i := y*w + x
			u, left, acrossFree := place(x, field[2*i], w)
			v, upper, downFree := place(y, field[2*i+1], h)
			var across, down float32
			for k := range c {
				at := (upper*w+left)*c + k
				a, b := image[at], image[at+c]
				d, e := image[at+w*c], image[at+w*c+c]
				across += g[i*c+k] * ((1-v)*(b-a) + v*(e-d))
				down += g[i*c+k] * ((1-u)*(d-a) + u*(e-b))
			}
			slope[2*i], slope[2*i+1] = 0, 0
			if acrossFree {
				slope[2*i] = across
			}
			if downFree {
				slope[2*i+1] = down
			}
		}
	}
}

// place is where pixel i of a side of n, displaced by d, comes to lie: next to
// the near pixel, by weight towards the one after it. Free is false beyond the
// border, where the position is clamped.
func place(i int, d float32, n int) (weight float32, near int, free bool) {
	p, last := float32(i)+d, float32(n-1)
	free = p >= 0 && p <= last
	p = min(max(p, 0), last)
	whole := min(float32(math.Floor(float64(p))), last-1)
	return p - whole, int(whole), free
}
