package engine

import (
	"math"
	"unwarp/attacks"
)

// The referee verifies what attacks claim. It shares no code with the attacks'
// arithmetic, and its passes are in float32.

// isLegal tells whether x is an image in the box, within eps of origin, and on the
// threat's lattice.
func isLegal(x, origin []float32, t attacks.Threat, eps float32) bool {
	if len(x) != len(origin) {
		return false
	}
	for _, v := range x {
		if !(v >= t.Lo && v <= t.Hi) { // NaN too
			return false
		}
	}
	return isOnLattice(x, t.Lattice) && distance(t.Norm, x, origin) <= float64(eps)+slack(t.Norm, len(x), float64(eps))
}

// distance of x from origin, in float64.
func distance(n attacks.Norm, x, origin []float32) float64 {
	var size float64
	for i, v := range x {
		d := math.Abs(float64(v) - float64(origin[i]))
		switch n {
		case attacks.Linf:
			if d > size {
				size = d
			}
		case attacks.L2:
			size += d * d
		case attacks.L1:
			size += d
		case attacks.L0:
			if d != 0 {
				size++
			}
		}
	}
	if n == attacks.L2 {
		return math.Sqrt(size)
	}
	return size
}

// slack is what float32 rounding may add to eps. Values next to 1 are rounded
// to multiples of 2^-24; where all n of an image are rounded alike, their L2
// norm is off by sqrt(n) times as much, their L1 norm by n times.
func slack(norm attacks.Norm, n int, eps float64) float64 {
	unit := 0x1p-24
	switch norm {
	case attacks.L2:
		return 1e-6 + unit*math.Sqrt(float64(n)) + 1e-6*eps
	case attacks.L1:
		return 1e-6 + unit*float64(n) + 1e-6*eps
	case "": // a size of a geometric threat: radii are rounded to float32
		return 1e-6 * eps
	}
	return 1e-6
}

// allFinite is false where a value is NaN or infinite: a model with such logits
// has failed, which is no misclassification.
func allFinite(x []float32) bool {
	for _, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return false
		}
	}
	return true
}
