package photoset

import (
	"math"
	"math/rand/v2"
)

// fragment is a thing that belongs to no class: a half-disc, a triangle or a bar.
type fragment struct {
	placement
	kind   int
	colour [3]float64
	before bool // it hides what is behind it, the shape as well
}

// drawFragments draws n things on an image of w by h pixels. One in six stands before the shape.
func drawFragments(r *rand.Rand, n, w, h int) []fragment {
	side, all := float64(min(w, h)), make([]fragment, n)
	for i := range all {
		turn := r.Float64() * 2 * math.Pi
		all[i] = fragment{
			placement: placement{x: r.Float64() * float64(w), y: r.Float64() * float64(h), cos: math.Cos(turn), sin: math.Sin(turn), size: (.06 + .14*r.Float64()) * side},
			kind:      r.IntN(3), colour: randomColour(r), before: r.IntN(6) == 0,
		}
	}
	return all
}

// contains tells whether a pixel belongs to f.
func (f fragment) contains(x, y float64) bool {
	u, v := f.to(x, y)
	switch f.kind {
	case 0:
		return v > 0 && u*u+v*v < 1
	case 1:
		return v > -.5 && 2*math.Abs(u)+v < 1
	default:
		return math.Abs(u) < 1.6 && math.Abs(v) < .2
	}
}

// colourAt is the colour of a pixel where the last of the fragments that stand before, or do not,
// contains it; else it is what.
func colourAt(all []fragment, before bool, x, y float64, what [3]float64) [3]float64 {
	for _, f := range all {
		if f.before == before && f.contains(x, y) {
			what = f.colour
		}
	}
	return what
}

// hide makes a shape smaller, turns it farther and moves it more than usual.
func (p placement) hide(r *rand.Rand, side, w, h int) placement {
	turn := (r.Float64() - .5) * 2
	p.cos, p.sin, p.size = math.Cos(turn), math.Sin(turn), (.14+.16*r.Float64())*float64(side)
	p.x, p.y = float64(w)/2+(r.Float64()-.5)*.5*float64(side), float64(h)/2+(r.Float64()-.5)*.5*float64(side)
	return p
}
