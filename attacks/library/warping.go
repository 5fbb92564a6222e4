package library

import "math"

// warpImage writes to dst [H,W,C] bilinear samples of image [H,W,C] at positions
// displaced by field [H,W,2], (dx,dy) in pixels: graphs.Warp with the border
// clamped, outside a graph. H and W must be at least 2.
func warpImage(dst, image, field []float32, h, w, c int) {
	for y := range h {
		for x := range w {
			i := y*w + x
			u, left, _ := samplePosition(x, field[2*i], w)
			v, upper, _ := samplePosition(y, field[2*i+1], h)
			for k := range c {
				at := (upper*w+left)*c + k
				top := (1-u)*image[at] + u*image[at+c]
				bottom := (1-u)*image[at+w*c] + u*image[at+w*c+c]
				dst[i*c+k] = (1-v)*top + v*bottom
			}
		}
	}
}

// warpFieldGradient writes to dst [H,W,2] the gradient of a loss with respect to
// the field, given g [H,W,C], its gradient with respect to the warped image.
func warpFieldGradient(dst, image, field, g []float32, h, w, c int) {
	for y := range h {
		for x := range w {
			i := y*w + x
			u, left, insideX := samplePosition(x, field[2*i], w)
			v, upper, insideY := samplePosition(y, field[2*i+1], h)
			var dx, dy float32
			for k := range c {
				at := (upper*w+left)*c + k
				a, b := image[at], image[at+c]
				d, e := image[at+w*c], image[at+w*c+c]
				dx += g[i*c+k] * ((1-v)*(b-a) + v*(e-d))
				dy += g[i*c+k] * ((1-u)*(d-a) + u*(e-b))
			}
			dst[2*i], dst[2*i+1] = 0, 0
			if insideX {
				dst[2*i] = dx
			}
			if insideY {
				dst[2*i+1] = dy
			}
		}
	}
}

// samplePosition is the position of pixel i of a side of n pixels, displaced by d
// and clamped to the side: a share weight of the way from pixel before to the
// next. inside is false if the position was clamped.
func samplePosition(i int, d float32, n int) (weight float32, before int, inside bool) {
	p, last := float32(i)+d, float32(n-1)
	inside = p >= 0 && p <= last
	p = min(max(p, 0), last)
	whole := min(float32(math.Floor(float64(p))), last-1)
	return p - whole, int(whole), inside
}
