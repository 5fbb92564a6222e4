package attacks_test

import (
	"math"
	"testing"

	"unwarp/attacks"
)

// An image is correct where its label's logit is strictly the largest; a tie is
// an error, and reaches each class that shares it.
func TestCorrect(t *testing.T) {
	for _, c := range []struct {
		logits  []float32
		label   int
		correct bool
		class   int
		tied    bool
	}{
		{[]float32{1, 3, 2}, 1, true, 1, false},
		{[]float32{1, 3, 2}, 0, false, 1, false},
		{[]float32{3, 3, 2}, 0, false, 1, true},
		{[]float32{3, 3, 2}, 1, false, 0, true},
		{[]float32{3, 3, 2}, 2, false, 0, false}, // a tie of others
		{[]float32{0, 0}, 1, false, 0, true},
	} {
		class, tied := attacks.Predict(c.logits, c.label)
		if got := attacks.Correct(c.logits, c.label); got != c.correct || class != c.class || tied != c.tied {
			t.Errorf("%v for %d: correct %v, class %d, tied %v; want %v, %d, %v", c.logits, c.label, got, class, tied, c.correct, c.class, c.tied)
		}
		away, towards := attacks.Problem{Label: c.label, Target: -1}, attacks.Problem{Label: -1, Target: c.label}
		if away.Success(c.logits) == c.correct || towards.Success(c.logits) != (c.correct || c.tied) {
			t.Errorf("%v: success against label %d %v, towards it %v", c.logits, c.label, away.Success(c.logits), towards.Success(c.logits))
		}
	}
}

// What counts as a clear success or a near-tie depends on the lead as a share of
// the spread: neither a constant added to all logits nor a factor changes it.
func TestLeadsByTheSpread(t *testing.T) {
	p := attacks.Problem{Label: 1, Target: -1, Ties: true}
	for _, c := range []struct {
		lead              float32 // of a spread of 16
		clear, isNear, is bool
	}{{-1, false, false, false}, {-1e-4, false, true, false}, {0, true, true, true}, {1e-4, false, true, true}, {1e-3, true, true, true}, {1e-2, true, false, true}, {1, true, false, true}} {
		for _, scale := range []float32{1e-30, 1e-6, 1, 1e6, 1e30} {
			z := []float32{scale * (c.lead), 0, -16 * scale}
			if clear, isNear, is := p.ClearSuccess(z), p.NearTie(z), p.Success(z); clear != c.clear || isNear != c.isNear || is != c.is {
				t.Errorf("lead %g of 16, times %g: clear %v, near-tie %v, success %v; want %v, %v, %v", c.lead, scale, clear, isNear, is, c.clear, c.isNear, c.is)
			}
		}
		// Where float32 keeps the lead next to the constant, nothing changes either.
		for _, offset := range []float32{-1 << 20, -64, 64, 1 << 20} {
			z := []float32{offset + c.lead, offset, offset - 16}
			if (z[0]-z[1] == c.lead) && (p.ClearSuccess(z) != c.clear || p.Success(z) != c.is) {
				t.Errorf("lead %g of 16 beside %g: clear %v, success %v; want %v, %v", c.lead, offset, p.ClearSuccess(z), p.Success(z), c.clear, c.is)
			}
		}
	}
	// Where logits are neither rounded nor clipped a tie is an accident.
	if r := (attacks.Problem{Label: 1, Target: -1}); r.ClearSuccess([]float32{3, 3, 0}) || !r.Success([]float32{3, 3, 0}) {
		t.Error("want a success in a tie that is not clear")
	}
	for want, z := range map[bool][]float32{true: {1, -2, 0, 1}, false: {1, -2, 0, 1.5}} {
		if attacks.HasTie(z) != want {
			t.Errorf("%v: want a tie %v", z, want)
		}
	}
	// Between two classes the spread is the lead; that of the clean image counts.
	two := attacks.Problem{Label: 1, Target: -1, Clean: []float32{0, 16}}
	if z := []float32{5 + 1e-4, 5}; two.ClearSuccess(z) || !two.NearTie(z) {
		t.Errorf("%v beside a clean spread of 16: want a near-tie, no clear success", z)
	}
	// A step of float32 next to 1e6 is a near-tie, though it is 1/256 of the spread.
	if z := []float32{1e6 + .0625, 1e6, 1e6 - 16}; !p.NearTie(z) {
		t.Errorf("%v: want a near-tie", z)
	}
}

// The unit of logits of ordinary size is 1; that of others is a power of ten, and
// brings their spread to between 10 and 100.
func TestLogitUnit(t *testing.T) {
	for want, spread := range map[float64]float32{1: 20, 1e-6: 3e-5, 1e-7: 1.5e-6, 1e5: 2e6, 1e-13: 5e-12} {
		if got := attacks.LogitUnit([]float32{-spread / 2, 0, spread / 2}); math.Abs(got/want-1) > 1e-12 {
			t.Errorf("spread %g: unit %g, want %g", spread, got, want)
		}
	}
	if got := attacks.LogitUnit([]float32{3, 3}); got != 1 {
		t.Errorf("equal logits: unit %g, want 1", got)
	}
	for spread, want := range map[float32]float32{3e-5: 1e-6, 20: 1, 2e4: 1, 2e7: 1e6} {
		if got := attacks.Temperature([]float32{0, spread}); got != want {
			t.Errorf("spread %g: temperature %g, want %g", spread, got, want)
		}
	}
}
