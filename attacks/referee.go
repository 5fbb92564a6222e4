package attacks

import "math"

// The referee judges what attacks claim. It shares no code with the attacks'
// arithmetic (threat.go, vec.go), and its passes are in float32.

// legal tells whether x is an image in the box and within eps of origin.
func legal(x, origin []float32, t Threat, eps float32) bool {
	if len(x) != len(origin) {
		return false
	}
	for _, v := range x {
		if !(v >= t.Lo && v <= t.Hi) { // NaN too
			return false
		}
	}
	return distance(t.Norm, x, origin) <= float64(eps)+slack(t.Norm, len(x), float64(eps))
}

// distance of x from origin, in float64.
func distance(n Norm, x, origin []float32) float64 {
	var size float64
	for i, v := range x {
		d := math.Abs(float64(v) - float64(origin[i]))
		switch n {
		case Linf:
			if d > size {
				size = d
			}
		case L2:
			size += d * d
		case L1:
			size += d
		case L0:
			if d != 0 {
				size++
			}
		}
	}
	if n == L2 {
		return math.Sqrt(size)
	}
	return size
}

// slack is what float32 rounding may add to eps. Values next to 1 are rounded
// to multiples of 2^-24; where all n of an image are rounded alike, their L2
// norm is off by sqrt(n) times as much, their L1 norm by n times.
func slack(norm Norm, n int, eps float64) float64 {
	unit := 0x1p-24
	switch norm {
	case L2:
		return 1e-6 + unit*math.Sqrt(float64(n)) + 1e-6*eps
	case L1:
		return 1e-6 + unit*float64(n) + 1e-6*eps
	}
	return 1e-6
}

// numbers is false where a value is NaN or infinite: a model that answers so
// has not been fooled, it has failed.
func numbers(x []float32) bool {
	for _, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return false
		}
	}
	return true
}
