package library

import (
	"math"
	"testing"
)

// TestWeightSearch: weights grow tenfold until one succeeds, then halve the bracket;
// the last of ten is the smallest that succeeded.
func TestWeightSearch(t *testing.T) {
	const needed = .7
	for _, c := range []struct {
		tries int
		want  []float64
	}{
		{6, []float64{.1, 1, .55, .775, .6625, .71875}},
		{10, []float64{.1, 1, .55, .775, .6625, .71875, .690625, .7046875, .69765625, .7046875}},
	} {
		w := newWeightSearch(.1, c.tries)
		for i, want := range c.want {
			if math.Abs(w.weight-want) > 1e-6 {
				t.Errorf("%d tries: want weight %g at %d, got %g", c.tries, want, i, w.weight)
			}
			w.next(w.weight >= needed)
		}
	}
}

// TestStallDetector: a loss is stalled if a tenth of the steps decreased it by less
// than a ten-thousandth.
func TestStallDetector(t *testing.T) {
	s := newStallDetector(true, 100)
	for i := range 100 {
		loss := math.Max(1-.002*float64(i), .93) // decreases until step 35
		if i%10 != 0 {
			loss = 5 // not looked at
		}
		if got, want := s.isStalled(i, loss), i == 50; got != want {
			t.Fatalf("step %d: want stalled %v, got %v", i, want, got)
		} else if got {
			break
		}
	}
	if s := newStallDetector(true, 100); s.isStalled(0, 1) || !s.isStalled(10, math.NaN()) {
		t.Error("want a loss that is NaN stalled")
	}
	if s := newStallDetector(false, 100); s.isStalled(0, 1) || s.isStalled(10, 1) {
		t.Error("switched off: want never stalled")
	}
}
