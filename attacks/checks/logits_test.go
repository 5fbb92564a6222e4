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

func TestRelativeDistance(t *testing.T) {
	if got := relativeDistance([]float32{3, 4}, []float32{3, 3}); math.Abs(got-.2) > 1e-12 {
		t.Errorf("%g, want .2", got)
	}
}
