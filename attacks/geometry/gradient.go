package geometry

import (
	"math"

	"unwarp/graphs"
)

// WarpGradient writes to dst [H,W,2] the gradient of a loss with respect to the
// field of [Warp], given g [H,W,C], its gradient with respect to the warped
// image. Where a position was kept within the side its derivative is 0, as that
// of [graphs.Warp].
func WarpGradient(dst, image, field, g []float32, h, w, c int, border graphs.Border) {
	at, ring := bordered(image, h, w, c, border)
	for y := range h {
		for x := range w {
			i := y*w + x
			right, left := locateSample(x+ring, field[2*i], w+2*ring)
			lower, upper := locateSample(y+ring, field[2*i+1], h+2*ring)
			var dx, dy float32
			for k := range c {
				a, b := at(upper, left, k), at(upper, left+1, k)
				d, e := at(upper+1, left, k), at(upper+1, left+1, k)
				dx += g[i*c+k] * ((1-lower)*(b-a) + lower*(e-d))
				dy += g[i*c+k] * ((1-right)*(d-a) + right*(e-b))
			}
			dst[2*i], dst[2*i+1] = 0, 0
			if inside(x+ring, field[2*i], w+2*ring) {
				dst[2*i] = dx
			}
			if inside(y+ring, field[2*i+1], h+2*ring) {
				dst[2*i+1] = dy
			}
		}
	}
}

// inside tells whether pixel i of a side of n pixels, displaced by d, lies within
// the side.
func inside(i int, d float32, n int) bool {
	p := d + float32(i)
	return p >= 0 && p <= float32(n-1)
}

// ParameterGradient is the gradient of a loss with respect to parameters p, given
// byField [H,W,2], its gradient with respect to the field that [Threat.Displace]
// makes of them. The derivative of the field is a central difference in float64:
// off by about 1e-9 of itself.
func (t Threat) ParameterGradient(byField []float32, p []float64, h, w int) []float64 {
	out := make([]float64, len(p))
	q := append([]float64(nil), p...)
	for k := range p {
		step := 1e-6 * max(1, math.Abs(p[k]))
		q[k] = p[k] + step
		up := t.Map(q, h, w)
		q[k] = p[k] - step
		down := t.Map(q, h, w)
		q[k] = p[k]
		for y := range h {
			for x := range w {
				i := 2 * (y*w + x)
				u1, v1 := up.Source(x, y)
				u0, v0 := down.Source(x, y)
				out[k] += (float64(byField[i])*(u1-u0) + float64(byField[i+1])*(v1-v0)) / (2 * step)
			}
		}
	}
	return out
}
