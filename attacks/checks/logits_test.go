package checks

import (
	"math"
	"testing"
)

func TestMargin(t *testing.T) {
	for _, c := range []struct {
		logits []float32
		label  int
		want   float64
	}{{[]float32{1, 3, 2}, 1, -1}, {[]float32{1, 3, 2}, 0, 2}, {[]float32{5, 5}, 0, 0}} {
		if got := margin(c.logits, c.label); got != c.want {
			t.Errorf("margin of %v for %d: %g, want %g", c.logits, c.label, got, c.want)
		}
	}
}

func TestErrorProbability(t *testing.T) {
	for _, c := range []struct {
		logits []float32
		want   float64
	}{{[]float32{0, 0, 0, 0}, .75}, {[]float32{30, 0}, math.Exp(-30)}, {[]float32{-2000, 0}, 1}} {
		if got := errorProbability(c.logits, 0); math.Abs(got-c.want) > 1e-6*c.want {
			t.Errorf("%v: %g, want %g", c.logits, got, c.want)
		}
	}
}

// Rounding is measured against the spread of logits, at least that of the median
// image.
func TestSpread(t *testing.T) {
	c := &checkContext{medianSpread: 2}
	for want, z := range map[float64][]float32{2: {1e6, 1e6 + 1}, 8: {-3, 5, 0}} {
		if got := c.spread(z); got != want {
			t.Errorf("%v: %g, want %g", z, got, want)
		}
	}
	if got := shareOf(0, 0); got != 0 {
		t.Errorf("nothing of nothing: %g, want 0", got)
	}
}
