package vector

import "math"

// ProjectL1 moves x to the nearest point that is within eps of origin in L1 and
// has all values in [lo,hi], in place: each change shrinks by the same amount,
// to 0 at most, and is then cut at the box (Croce and Hein 2021, proposition
// 3.1; without a box Duchi et al. 2008). lo and hi may be infinite. origin must
// be in the box.
func ProjectL1(x, origin []float32, eps, lo, hi float64) {
	shrinkage := solveShrinkage(x, origin, eps, lo, hi)
	for i, o := range origin {
		d, room := changeAndRoom(x[i], o, lo, hi)
		size := float32(min(max(math.Abs(d)-shrinkage, 0), room))
		if d < 0 {
			size = -size
		}
		x[i] = min(max(o+size, float32(lo)), float32(hi))
	}
}

// changeAndRoom are x - origin, and the largest change of the same sign that
// stays in the box.
func changeAndRoom(x, origin float32, lo, hi float64) (d, room float64) {
	o := float64(origin)
	d = float64(x) - o
	if d < 0 {
		return d, o - lo
	}
	return d, hi - o
}

// solveShrinkage is the amount by which each change has to shrink for their sum
// to be eps, 0 if the sum is no larger. The sum is a decreasing, piecewise
// linear function of the shrinkage, with knots where a change reaches 0 or
// enters the box. Newton's method ends at the root after a few iterations;
// where it leaves the bracket [from,to] the middle is taken.
func solveShrinkage(x, origin []float32, eps, lo, hi float64) float64 {
	var shrinkage, from, to float64
	for i, v := range x {
		to = max(to, math.Abs(float64(v)-float64(origin[i])))
	}
	for range 200 {
		sum, slope := shrunkSum(x, origin, shrinkage, lo, hi)
		excess := sum - eps
		if math.Abs(excess) <= 1e-12*eps || excess <= 0 && shrinkage == 0 {
			return shrinkage
		}
		if excess > 0 {
			from = shrinkage
		} else {
			to = shrinkage
		}
		next := (from + to) / 2
		if newton := shrinkage + excess/float64(slope); slope > 0 && newton > from && newton < to {
			next = newton
		}
		if next == shrinkage {
			return shrinkage
		}
		shrinkage = next
	}
	return shrinkage
}

// shrunkSum is the L1 norm of the changes after shrinkage and cut, and the
// number of changes that still fall with the shrinkage, its slope negated.
func shrunkSum(x, origin []float32, shrinkage, lo, hi float64) (sum float64, slope int) {
	for i, o := range origin {
		d, room := changeAndRoom(x[i], o, lo, hi)
		switch d = math.Abs(d) - shrinkage; {
		case d > room:
			sum += room
		case d > 0:
			sum += d
			slope++
		}
	}
	return sum, slope
}
