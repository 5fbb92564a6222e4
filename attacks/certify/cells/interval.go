package cells

import "math"

// interval are the numbers from lo to hi.
type interval struct{ lo, hi float64 }

// nothing holds no number.
var nothing = interval{math.Inf(1), math.Inf(-1)}

func (a interval) add(b interval) interval { return interval{a.lo + b.lo, a.hi + b.hi} }

func (a interval) sub(b interval) interval { return interval{a.lo - b.hi, a.hi - b.lo} }

func (a interval) mul(b interval) interval {
	p, q, r, s := a.lo*b.lo, a.lo*b.hi, a.hi*b.lo, a.hi*b.hi
	return interval{min(p, q, r, s), max(p, q, r, s)}
}

// join is the smallest interval around both.
func (a interval) join(b interval) interval { return interval{min(a.lo, b.lo), max(a.hi, b.hi)} }

// cut is what both have in common, which must not be nothing.
func (a interval) cut(b interval) interval { return interval{max(a.lo, b.lo), min(a.hi, b.hi)} }

// size is the largest absolute value.
func (a interval) size() float64 { return max(-a.lo, a.hi) }

// farthest is the largest distance of x from a number of a.
func (a interval) farthest(x float64) float64 { return max(a.hi-x, x-a.lo) }

// around are the numbers at most r from x.
func around(x, r float64) interval { return interval{x - r, x + r} }

// sineOf is the range of the sine over angles in radians.
func sineOf(a interval) interval {
	out := interval{math.Sin(a.lo), math.Sin(a.lo)}
	out = out.join(interval{math.Sin(a.hi), math.Sin(a.hi)})
	// Between the ends it is largest at π/2 + 2πk, least at -π/2 + 2πk.
	if holdsPeak(a, math.Pi/2) {
		out.hi = 1
	}
	if holdsPeak(a, -math.Pi/2) {
		out.lo = -1
	}
	return out
}

// cosineOf is the range of the cosine.
func cosineOf(a interval) interval {
	return sineOf(interval{a.lo + math.Pi/2, a.hi + math.Pi/2})
}

// holdsPeak tells whether peak plus a multiple of 2π lies in a, or as good as.
func holdsPeak(a interval, peak float64) bool {
	const slack = 1e-9
	k := math.Floor((a.hi + slack - peak) / (2 * math.Pi))
	return peak+2*math.Pi*k >= a.lo-slack
}
