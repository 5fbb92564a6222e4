package cells

import (
	"math"

	"unwarp/attacks/geometry"
)

// sampler bounds bilinear samples of one image [H,W,C].
type sampler struct {
	image        []float32
	h, w, c      int
	first        float64 // of the positions that matter: beyond it nothing changes
	lastU, lastV float64
}

func newSampler(image []float32, h, w, c int, t geometry.Threat) *sampler {
	s := &sampler{image: image, h: h, w: w, c: c, lastU: float64(w - 1), lastV: float64(h - 1)}
	if t.Border != geometry.Edge { // it fades to 0 within one pixel of the edge
		s.first, s.lastU, s.lastV = -1, s.lastU+1, s.lastV+1
	}
	return s
}

// slack is by how much positions may be off: with u = 2^-24, a displacement d is
// rounded to float32 by at most u|d|, its sum with the pixel's place by u times
// that sum. A sum outside the image is cut to its edge; else |d| is less than
// twice the side, and both are less than 3u(side+2). The rest of 8u is for
// float64 here, and for gaps between cells.
func (s *sampler) slack() float64 { return 0x1p-21 * float64(max(s.h, s.w)+2) }

// rounding is by how much values between 0 and 1 may be off that are mixed in
// float32: two times weight, two products and a sum, of 2^-24 each.
const rounding = 0x1p-20

func (s *sampler) at(i, j, k int) float64 {
	if i < 0 || j < 0 || i >= s.w || j >= s.h {
		return 0
	}
	return float64(s.image[(j*s.w+i)*s.c+k])
}

// clamp cuts a position to those that matter.
func clamp(x interval, first, last float64) interval {
	return interval{min(max(x.lo, first), last), min(max(x.hi, first), last)}
}

// value is the sample at (u,v).
func (s *sampler) value(u, v float64, k int) float64 {
	u, v = min(max(u, s.first), s.lastU), min(max(v, s.first), s.lastV)
	i, j := min(math.Floor(u), s.lastU-1), min(math.Floor(v), s.lastV-1)
	a, b := u-i, v-j
	x, y := int(i), int(j)
	return (1-b)*((1-a)*s.at(x, y, k)+a*s.at(x+1, y, k)) + b*((1-a)*s.at(x, y+1, k)+a*s.at(x+1, y+1, k))
}

// values is the range of samples over a rectangle. Within a square of the grid a
// sample is linear in u and in v, so that it is largest and least at corners: of
// the rectangle, of the squares in it, and where the grid crosses its sides.
func (s *sampler) values(u, v interval, k int) interval {
	u, v = clamp(u, s.first, s.lastU), clamp(v, s.first, s.lastV)
	out := nothing
	for y := v.lo; ; y = min(math.Floor(y)+1, v.hi) {
		for x := u.lo; ; x = min(math.Floor(x)+1, u.hi) {
			z := s.value(x, y, k)
			out = out.join(interval{z, z})
			if x >= u.hi {
				break
			}
		}
		if y >= v.hi {
			break
		}
	}
	return out
}

// gradients are the ranges of the derivatives by u and v over a rectangle: of
// each square of the grid that it meets. Beyond the edge they are 0.
func (s *sampler) gradients(u, v interval, k int) (gu, gv interval) {
	cu, cv := clamp(u, s.first, s.lastU), clamp(v, s.first, s.lastV)
	gu, gv = nothing, nothing
	for j := s.square(cv.lo, s.lastV); ; j++ {
		y := cv.within(j)
		for i := s.square(cu.lo, s.lastU); ; i++ {
			x := cu.within(i)
			a, b, c, d := s.at(i, j, k), s.at(i+1, j, k), s.at(i, j+1, k), s.at(i+1, j+1, k)
			gu = gu.join(mixed(b-a, d-c, y))
			gv = gv.join(mixed(c-a, d-b, x))
			if float64(i+1) >= cu.hi {
				break
			}
		}
		if float64(j+1) >= cv.hi {
			break
		}
	}
	return outside(gu, u, s.first, s.lastU), outside(gv, v, s.first, s.lastV)
}

// square is the square of the grid that begins at or before x.
func (s *sampler) square(x, last float64) int { return int(min(math.Floor(x), last-1)) }

// within is a's part in square i, as a share of it.
func (a interval) within(i int) interval {
	return interval{max(a.lo-float64(i), 0), min(a.hi-float64(i), 1)}
}

// mixed is the range of a·(1-t) + b·t over t.
func mixed(a, b float64, t interval) interval {
	p, q := a+(b-a)*t.lo, a+(b-a)*t.hi
	return interval{min(p, q), max(p, q)}
}

// outside adds the derivative 0 where positions x reach beyond the edge.
func outside(g, x interval, first, last float64) interval {
	switch {
	case x.hi <= first || x.lo >= last:
		return interval{}
	case x.lo < first || x.hi > last:
		return g.join(interval{})
	}
	return g
}
