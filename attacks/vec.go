package attacks

import "math"

// Arithmetic on images as flat slices. dst may be one of the operands.

func abs(v float32) float32 { return float32(math.Abs(float64(v))) }

// sign is -1, 0 or 1; 0 for NaN.
func sign(v float32) float32 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// nonzero is v, or something tiny to divide by.
func nonzero(v float32) float32 { return max(v, 1e-37) }

func clone(x []float32) []float32 { return append([]float32(nil), x...) }

// scale is dst = f·x.
func scale(dst, x []float32, f float32) {
	for i, v := range x {
		dst[i] = f * v
	}
}

// axpy is dst = y + f·x.
func axpy(dst, y []float32, f float32, x []float32) {
	for i, v := range x {
		dst[i] = y[i] + f*v
	}
}

// sub is dst = a - b.
func sub(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = v - b[i]
	}
}

func dot(a, b []float32) float64 {
	var s float64
	for i, v := range a {
		s += float64(v) * float64(b[i])
	}
	return s
}

// norm of a vector; L0 counts what is not zero.
func norm(n Norm, x []float32) float32 {
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

// argmax is the place of the largest value, the first of equals; NaN never is.
func argmax(z []float32) int {
	best := 0
	for k, v := range z {
		if v > z[best] || z[best] != z[best] {
			best = k
		}
	}
	return best
}

// rival is the largest logit of a class other than label.
func rival(z []float32, label int) int {
	best := -1
	for k, v := range z {
		if k != label && (best < 0 || v > z[best]) {
			best = k
		}
	}
	return best
}
