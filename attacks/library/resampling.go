package library

import "math"

// resample writes to dst [H,W,C] bilinear samples of src [H,W,C]: pixel (y,x) is
// the sample at (v,u) = from(y,x), row and column in pixels of src. Outside src
// the values are those of the nearest edge pixel, or zeros.
func resample(dst, src []float32, h, w, c int, zeros bool, from func(y, x int) (v, u float64)) {
	read := func(y, x, k int) float64 {
		if zeros && (y < 0 || x < 0 || y >= h || x >= w) {
			return 0
		}
		return float64(src[(min(max(y, 0), h-1)*w+min(max(x, 0), w-1))*c+k])
	}
	for y := range h {
		for x := range w {
			v, u := from(y, x)
			y0, x0 := math.Floor(v), math.Floor(u)
			b, a := v-y0, u-x0
			i, j := int(y0), int(x0)
			for k := range c {
				top := (1-a)*read(i, j, k) + a*read(i, j+1, k)
				bottom := (1-a)*read(i+1, j, k) + a*read(i+1, j+1, k)
				dst[(y*w+x)*c+k] = float32((1-b)*top + b*bottom)
			}
		}
	}
}

// rotateAndTranslate is the position in the original of each pixel of an image of
// h by w pixels that was rotated counterclockwise by degrees around its middle,
// and then moved by dx pixels to the right and dy down.
func rotateAndTranslate(h, w int, degrees, dx, dy float64) func(y, x int) (v, u float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	my, mx := float64(h-1)/2, float64(w-1)/2
	return func(y, x int) (v, u float64) {
		p, q := float64(x)-dx-mx, float64(y)-dy-my
		return my + sin*p + cos*q, mx + cos*p - sin*q
	}
}
