package cells

import (
	"math"

	"unwarp/attacks/geometry"
	"unwarp/graphs/bounds"
)

// kinked is from which radius on a pixel's path is bounded in parts.
const kinked = 1e-3

// partsOf are the parts along each of so many parameters.
var partsOf = [most + 1]int{1, 8, 4, 3, 2, 2}

// tracer bounds the pixels of the transforms of one image, all that a cell of
// parameters makes.
type tracer struct {
	*sampler
	threat geometry.Threat
	cell   cell
	whole  *motion
	parts  []*motion // of parts of the cell, made when first needed
	faces  [][2]geometry.Map
	set    bounds.Set
	stray  *remainder    // nil: none
	reach  [most]float64 // by how much all pixels may change along each parameter
}

// trace bounds a cell: a box for each pixel, and a path with a slope for each
// parameter (DeepG, Balunović et al. 2019, "Certifying Geometric Robustness of
// Neural Networks", section 4, with lines that are parallel). A slope is the
// secant across the cell. How far a pixel strays from it follows from its
// derivatives by the mean value theorem, on parts of the cell where it bends.
//
// Positions may differ by a remainder, where it is not nil, from what the parameters
// say. strongest is the parameter along which the pixels may change most.
func trace(s *sampler, t geometry.Threat, c cell, stray *remainder) (set bounds.Set, strongest int) {
	n, parameters := len(s.image), len(c.center)
	b := &tracer{sampler: s, threat: t, cell: c, stray: stray, whole: newMotion(t, c, s.h, s.w), set: bounds.Set{
		Lower: make([]float32, n), Upper: make([]float32, n), Center: make([]float32, n), Radius: make([]float32, n), Slopes: make([]float32, parameters*n),
	}}
	for p := range parameters {
		b.faces = append(b.faces, [2]geometry.Map{t.Map(c.face(p, -1), s.h, s.w), t.Map(c.face(p, 1), s.h, s.w)})
	}
	for y := range s.h {
		for x := range s.w {
			b.tracePixel(x, y)
		}
	}
	for p, reach := range b.reach[:parameters] {
		if reach > b.reach[strongest] {
			strongest = p
		}
	}
	return b.set, strongest
}

// tracePixel bounds all channels of a pixel.
func (b *tracer) tracePixel(x, y int) {
	at := (y*b.w + x) * b.c
	t := b.widen(b.whole.of(x, y), x, y)
	for k := range b.c {
		box := b.values(t.u, t.v, k)
		if box.lo == 0 && box.hi == 0 {
			continue // nothing is read but zeros, which give 0 without rounding
		}
		slopes := b.secants(x, y, k)
		band := b.band(b.whole, t, slopes, x, y, k)
		if band.hi-band.lo > 2*kinked {
			box, band = b.refine(x, y, k, slopes)
		}
		b.write(at+k, box, band, slopes)
	}
}

// widen adds to the positions of pixel (x,y) by what they may be off.
func (b *tracer) widen(t travel, x, y int) travel {
	e := b.slack() + b.stray.at(x, y)
	t.u, t.v = interval{t.u.lo - e, t.u.hi + e}, interval{t.v.lo - e, t.v.hi + e}
	if b.stray != nil {
		most := b.stray.most + b.slack()
		t.u, t.v = t.u.cut(around(float64(x), most)), t.v.cut(around(float64(y), most))
	}
	return t
}

// secants are the slopes of a pixel across the cell, for half its width each.
func (b *tracer) secants(x, y, k int) (g [most]float64) {
	for p, f := range b.faces {
		u, v := f[0].Source(x, y)
		before := b.value(u, v, k)
		u, v = f[1].Source(x, y)
		g[p] = float64(float32((b.value(u, v, k) - before) / 2))
	}
	return g
}

// band is the range of what is left of a pixel's value without its slopes, over
// m's part of the cell.
func (b *tracer) band(m *motion, t travel, g [most]float64, x, y, k int) interval {
	u, v := m.middle.Source(x, y)
	middle := b.value(u, v, k)
	gu, gv := b.gradients(t.u, t.v, k)
	strays := (gu.size() + gv.size()) * (b.slack() + b.stray.at(x, y))
	for p, whole := range b.cell.width {
		middle -= g[p] * (m.c.center[p] - b.cell.center[p]) / whole
		d := gu.mul(t.du[p]).add(gv.mul(t.dv[p]))
		strays += d.farthest(g[p]/whole) * m.c.width[p]
		if m == b.whole {
			b.reach[p] += d.size() * whole
		}
	}
	return around(middle, strays)
}

// refine bounds a pixel on parts of the cell, where its box is a band too.
func (b *tracer) refine(x, y, k int, g [most]float64) (box, band interval) {
	if b.parts == nil {
		for _, c := range b.cell.parts(partsOf[len(b.cell.center)]) {
			b.parts = append(b.parts, newMotion(b.threat, c, b.h, b.w))
		}
	}
	box, band = nothing, nothing
	for _, m := range b.parts {
		t := b.widen(m.of(x, y), x, y)
		values := b.values(t.u, t.v, k)
		left := values
		for p, whole := range b.cell.width {
			shift := interval{-g[p] / whole, -g[p] / whole}
			left = left.add(shift.mul(around(m.c.center[p]-b.cell.center[p], m.c.width[p])))
		}
		box, band = box.join(values), band.join(left.cut(b.band(m, t, g, x, y, k)))
	}
	return box, band
}

// write keeps what is known of value i.
func (b *tracer) write(i int, box, band interval, g [most]float64) {
	s, n := b.set, len(b.image)
	s.Lower[i], s.Upper[i] = box.outwards()
	s.Center[i] = float32((band.lo + band.hi) / 2)
	s.Radius[i] = up(band.farthest(float64(s.Center[i])) + rounding)
	for p := range b.cell.width {
		s.Slopes[p*n+i] = float32(g[p]) // secants are float32 numbers
	}
}

// outwards are the ends of a range of values, rounded outwards and cut to
// [0,1]. The range of zeros alone is exact.
func (a interval) outwards() (lo, hi float32) {
	if a == (interval{}) {
		return 0, 0
	}
	return max(-up(rounding-a.lo), 0), min(up(a.hi+rounding), 1)
}

// up rounds to a larger float32; rounding to nearest is by at most half of what
// this adds.
func up(x float64) float32 { return math.Nextafter32(float32(x), float32(math.Inf(1))) }
