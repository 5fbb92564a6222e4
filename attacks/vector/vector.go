package vector

import (
	"math"
	"slices"
)

// Abs is |v|.
func Abs(v float32) float32 { return float32(math.Abs(float64(v))) }

// Sign is -1, 0 or 1; 0 for NaN.
func Sign(v float32) float32 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// AtLeastTiny is v, or 1e-37 where v is less, so that it can be divided by.
func AtLeastTiny(v float32) float32 { return max(v, 1e-37) }

// Scale is dst = f·x.
func Scale(dst, x []float32, f float32) {
	for i, v := range x {
		dst[i] = f * v
	}
}

// AXPY is dst = y + f·x.
func AXPY(dst, y []float32, f float32, x []float32) {
	for i, v := range x {
		dst[i] = y[i] + f*v
	}
}

// Sub is dst = a - b.
func Sub(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = v - b[i]
	}
}

// Dot is the inner product of a and b, summed in float64.
func Dot(a, b []float32) float64 {
	var s float64
	for i, v := range a {
		s += float64(v) * float64(b[i])
	}
	return s
}

// Argmax is the index of the largest value, the first of equal ones. NaN is
// never the largest, unless all values are.
func Argmax(z []float32) int {
	best := 0
	for k, v := range z {
		if v > z[best] || z[best] != z[best] {
			best = k
		}
	}
	return best
}

// ArgmaxExcept is the index of the largest value but z[label], the first of
// equal ones; -1 if there is no other.
func ArgmaxExcept(z []float32, label int) int {
	best := -1
	for k, v := range z {
		if k != label && (best < 0 || v > z[best]) {
			best = k
		}
	}
	return best
}

// Descending are the indices of z by value, largest first; equal values keep
// their order. It allocates.
func Descending(z []float32) []int {
	order := make([]int, len(z))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case z[a] > z[b]:
			return -1
		case z[a] < z[b]:
			return 1
		}
		return 0
	})
	return order
}
