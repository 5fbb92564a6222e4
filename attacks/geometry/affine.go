package geometry

import "math"

// Map tells which position of an image each pixel of its transform reads: the
// move is taken back, and what is left of the distance from the middle of the
// image is mapped linearly.
type Map struct {
	a, b, c, d     float64 // (u,v) = (a·p + b·q, c·p + d·q)
	dx, dy, mx, my float64
}

// Map inverts the change that parameters, in the order of [Threat.Parameters],
// make of an image of h by w pixels.
func (t Threat) Map(p []float64, h, w int) Map {
	f := Map{a: 1, d: 1, mx: float64(w-1) / 2, my: float64(h-1) / 2}
	scale, slope, i := 1., 0., 0
	next := func() float64 { i++; return p[i-1] }
	if t.Scale > 0 {
		scale = 1 + next()
	}
	if t.Shear > 0 {
		slope = next()
	}
	if t.Rotate > 0 {
		sin, cos := math.Sincos(next() * math.Pi / 180)
		f.a, f.b, f.c, f.d = cos, -sin, sin, cos
	}
	if t.Translate > 0 {
		f.dx, f.dy = next(), next()
	}
	f.a, f.b = (f.a-slope*f.c)/scale, (f.b-slope*f.d)/scale
	f.c, f.d = f.c/scale, f.d/scale
	return f
}

// Source is the position, column and row, that pixel (x,y) of the transform
// reads.
func (f Map) Source(x, y int) (u, v float64) {
	p, q := float64(x)-f.dx-f.mx, float64(y)-f.dy-f.my
	return f.mx + f.a*p + f.b*q, f.my + f.c*p + f.d*q
}

// Displace writes to field [H,W,2] the displacements (dx,dy) in pixels that
// parameters, in the order of [Threat.Parameters], stand for: pixel (x,y) of the
// transform is the image at (x+dx,y+dy). They are computed in float64 and
// rounded to float32.
func (t Threat) Displace(field []float32, p []float64, h, w int) {
	f := t.Map(p, h, w)
	for y := range h {
		for x := range w {
			u, v := f.Source(x, y)
			i := 2 * (y*w + x)
			field[i], field[i+1] = float32(u-float64(x)), float32(v-float64(y))
		}
	}
}

// Apply writes to dst the transform of image [H,W,C] by parameters, in the order
// of [Threat.Parameters]: the image warped by the field that [Threat.Displace]
// writes, its values cut to [0,1].
func (t Threat) Apply(dst, image []float32, p []float64, h, w, c int) {
	field := make([]float32, 2*h*w)
	t.Displace(field, p, h, w)
	t.ApplyField(dst, image, field, h, w, c)
}

// ApplyField writes to dst image [H,W,C] warped by field [H,W,2], its values cut
// to [0,1]: rounding can exceed it.
func (t Threat) ApplyField(dst, image, field []float32, h, w, c int) {
	Warp(dst, image, field, h, w, c, t.GraphBorder())
	for i, v := range dst {
		dst[i] = min(max(v, 0), 1)
	}
}
