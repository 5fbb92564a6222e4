package attacks

import "math"

// Norm measures a perturbation.
type Norm string

// Linf is the largest change of a pixel value; L2 the root of the sum of
// squares over all pixels and channels, L1 the sum of absolute values. L0, the
// number of changed values, is measured, but is no threat with a radius.
const (
	Linf Norm = "linf"
	L2   Norm = "l2"
	L1   Norm = "l1"
	L0   Norm = "l0"
)

// Of is the norm of x.
func (n Norm) Of(x []float32) float32 {
	var s float64
	for _, v := range x {
		a := math.Abs(float64(v))
		switch n {
		case Linf:
			s = max(s, a)
		case L2:
			s += a * a
		case L1:
			s += a
		case L0:
			if a != 0 {
				s++
			}
		}
	}
	if n == L2 {
		s = math.Sqrt(s)
	}
	return float32(s)
}

// Distance is the norm of x - x0, in float64.
func (n Norm) Distance(x, x0 []float32) float64 {
	var s float64
	for i, v := range x {
		d := math.Abs(float64(v) - float64(x0[i]))
		switch n {
		case Linf:
			s = max(s, d)
		case L2:
			s += d * d
		case L1:
			s += d
		case L0:
			if d != 0 {
				s++
			}
		}
	}
	if n == L2 {
		return math.Sqrt(s)
	}
	return s
}

// Dual is the norm by which a gradient bounds the change of a function within
// a ball of norm n.
func (n Norm) Dual() Norm {
	switch n {
	case Linf:
		return L1
	case L1, L0:
		return Linf
	}
	return n
}

// Tolerance is what float32 rounding may add to a distance eps between images
// of size values. Values next to 1 are rounded to multiples of 2^-24; where all
// of an image are rounded alike, their L2 norm is off by sqrt(size) times as
// much, their L1 norm by size times.
func (n Norm) Tolerance(size int, eps float64) float64 {
	unit := 0x1p-24
	switch n {
	case L2:
		return 1e-6 + unit*math.Sqrt(float64(size)) + 1e-6*eps
	case L1:
		return 1e-6 + unit*float64(size) + 1e-6*eps
	case "": // a size of a geometric threat: radii are rounded to float32
		return 1e-6 * eps
	}
	return 1e-6
}
