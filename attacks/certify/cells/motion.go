package cells

import (
	"math"

	"unwarp/attacks/geometry"
)

// most is how many parameters a threat can have.
const most = 5

// motion bounds the positions that pixels read while parameters move within a
// cell.
type motion struct {
	c                             cell
	middle                        geometry.Map // at the cell's center
	sin, cos, slope, shrink       interval     // of the angle, the shear, 1/(1+scale)
	dx, dy                        interval
	mx, my                        float64
	scale, shear, rotate, move, n int // places of the parameters; -1: none
}

// travel is what is known of the position that one pixel reads: its bounds, and
// those of its derivatives by each parameter.
type travel struct {
	u, v   interval
	du, dv [most]interval
}

func newMotion(t geometry.Threat, c cell, h, w int) *motion {
	m := &motion{
		c: c, middle: t.Map(c.center, h, w), sin: interval{}, cos: interval{1, 1}, shrink: interval{1, 1},
		mx: float64(w-1) / 2, my: float64(h-1) / 2, scale: -1, shear: -1, rotate: -1, move: -1,
	}
	next := func(place *int) interval {
		*place = m.n
		m.n++
		return around(c.center[*place], c.width[*place])
	}
	if t.Scale > 0 {
		s := next(&m.scale)
		m.shrink = interval{1 / (1 + s.hi), 1 / (1 + s.lo)}
	}
	if t.Shear > 0 {
		m.slope = next(&m.shear)
	}
	if t.Rotate > 0 {
		a := next(&m.rotate)
		a = interval{a.lo * math.Pi / 180, a.hi * math.Pi / 180}
		m.sin, m.cos = sineOf(a), cosineOf(a)
	}
	if t.Translate > 0 {
		m.dx = next(&m.move)
		m.dy = around(c.center[m.n], c.width[m.n])
		m.n++
	}
	return m
}

// of bounds what pixel (x,y) reads. Derivatives are interval expressions of
// those of [geometry.Map]; positions follow by the mean value theorem: that at
// the center, and each derivative times the width of its parameter.
func (m *motion) of(x, y int) (t travel) {
	p := interval{float64(x) - m.mx, float64(x) - m.mx}.sub(m.dx)
	q := interval{float64(y) - m.my, float64(y) - m.my}.sub(m.dy)
	u := m.cos.mul(p).sub(m.sin.mul(q)) // turned back
	v := m.sin.mul(p).add(m.cos.mul(q))
	minus := interval{-m.shrink.hi, -m.shrink.lo}
	if m.scale >= 0 {
		k := minus.mul(m.shrink)
		t.du[m.scale], t.dv[m.scale] = k.mul(u.sub(m.slope.mul(v))), k.mul(v)
	}
	if m.shear >= 0 {
		t.du[m.shear] = minus.mul(v)
	}
	if m.rotate >= 0 {
		degree := interval{math.Pi / 180, math.Pi / 180}
		t.du[m.rotate] = minus.mul(degree).mul(v.add(m.slope.mul(u)))
		t.dv[m.rotate] = m.shrink.mul(degree).mul(u)
	}
	if m.move >= 0 {
		t.du[m.move], t.dv[m.move] = minus.mul(m.cos.sub(m.slope.mul(m.sin))), minus.mul(m.sin)
		t.du[m.move+1], t.dv[m.move+1] = m.shrink.mul(m.sin.add(m.slope.mul(m.cos))), minus.mul(m.cos)
	}
	cu, cv := m.middle.Source(x, y)
	var ru, rv float64
	for i := range m.n {
		ru += t.du[i].size() * m.c.width[i]
		rv += t.dv[i].size() * m.c.width[i]
	}
	t.u, t.v = around(cu, ru), around(cv, rv)
	return t
}
