package library

import (
	"math"
	"testing"

	"unwarp/attacks"
)

// TestTanhSpace: the first x is the clean image, no w leads outside the box, and
// the gradient is that of finite differences.
func TestTanhSpace(t *testing.T) {
	threat := attacks.Threat{Norm: attacks.L2, Lo: -1, Hi: 3}
	clean := []float32{-1, 3, .25, 1, -.9999, 2.7}
	s := newTanhSpace(threat, clean)
	if d := maxDifference(s.x, clean); d > 4e-6 {
		t.Errorf("want the clean image within 4e-6, got %g", d)
	}
	margin := []float32{.3, -2, 1, .5, -.1, 4} // gradient of the margin with respect to x
	const weight = 1.7
	loss := func(w []float64) (sum float64) {
		for i, v := range w {
			x := 1 + 2*math.Tanh(v)
			sum += (x-float64(clean[i]))*(x-float64(clean[i])) - weight*float64(margin[i])*x
		}
		return sum
	}
	w := []float64{-1.2, .7, .1, -.4, 2, -.8}
	copy(s.w, w)
	s.update()
	for i, got := range s.gradient(margin, weight) {
		const h = 1e-5
		a, b := append([]float64(nil), w...), append([]float64(nil), w...)
		a[i], b[i] = a[i]+h, b[i]-h
		if want := (loss(a) - loss(b)) / (2 * h); math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
			t.Errorf("gradient %d: want %g, got %g", i, want, got)
		}
	}
	for _, w := range []float64{-1e9, 1e9, 25, -25} {
		for i := range s.w {
			s.w[i] = w
		}
		s.update()
		for _, v := range s.x {
			if !(v >= -1 && v <= 3) {
				t.Errorf("w %g: %g is outside the box", w, v)
			}
		}
	}
	if s.reset(); maxDifference(s.x, clean) > 4e-6 {
		t.Error("reset: want the clean image again")
	}
}
