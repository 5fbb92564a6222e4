package attacks

import (
	"math"
	"slices"
)

// planes are the boundaries between classes, linearised where an image stands.
type planes struct {
	c    *Case
	rows []Question
}

// rivals are the classes other than the label, or than the target if there is
// one, by their clean logits.
func (c *Case) rivals() []int {
	own := c.Label
	if c.Target >= 0 {
		own = c.Target
	}
	return slices.DeleteFunc(ranking(c.Clean), func(k int) bool { return k == own })
}

// planes between the label and each class, or between each class and the
// target.
func (c *Case) planes(classes []int) *planes {
	p := &planes{c, make([]Question, len(classes))}
	for i, k := range classes {
		w := make([]float32, c.Classes)
		if c.Target >= 0 {
			w[c.Target], w[k] = 1, -1
		} else {
			w[k], w[c.Label] = 1, -1
		}
		p.rows[i].Cotangent = w
	}
	return p
}

// at linearises all of them at x and returns the one to go for: Loss is the
// difference of its two logits, which grows along Gradient and is positive
// beyond the boundary; distance is that of the plane in norm n, +Inf where
// there is none. Without a target it is the nearest plane. For a target all
// have to be crossed: it is the farthest still ahead, else the nearest behind.
func (p *planes) at(x []float32, n Norm) (s Slope, distance float64) {
	for i := range p.rows {
		p.rows[i].Image = x
	}
	distance = math.Inf(1)
	best := math.Inf(1)
	for _, q := range p.c.Slopes(Linear, p.rows...) {
		slope := float64(norm(n.dual(), q.Gradient))
		if !(slope > 0) {
			continue
		}
		d := float64(q.Loss) / slope
		key := d
		if p.c.Target < 0 {
			key = math.Abs(d)
		}
		if key < best {
			s, best, distance = q, key, math.Abs(d)
		}
	}
	return s, distance
}

// dual is the norm by which a gradient bounds the change of a function within
// a ball of norm n.
func (n Norm) dual() Norm {
	switch n {
	case Linf:
		return L1
	case L1, L0:
		return Linf
	}
	return n
}
