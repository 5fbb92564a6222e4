package library

import (
	"math"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// TestNoise: Gaussian noise has norm eps after clipping to the box; salt and pepper
// change the given share of the pixels.
func TestNoise(t *testing.T) {
	for _, n := range []attacks.Norm{attacks.L2, attacks.L1} {
		o := newOracle(n, 5, 5, 2, 3)
		d, x := make([]float32, len(o.Image)), make([]float32, len(o.Image))
		for range 20 {
			for i := range d {
				d[i] = float32(o.Rand.NormFloat64())
			}
			vector.AXPY(x, o.Image, clippedScale(o, x, d), d)
			o.Threat.Clip(x)
			if got := n.Distance(x, o.Image); math.Abs(got-3) > 1e-3 {
				t.Fatalf("%s: want distance 3 after the cut, got %g", n, got)
			}
		}
	}
	o := newOracle(attacks.Linf, 20, 20, 1, .1)
	x := make([]float32, 400)
	for _, share := range []float64{.1, .5, 1} {
		(&SaltPepper{}).draw(o, x, share)
		black, white := 0., 0.
		for _, v := range x {
			switch v {
			case 0:
				black++
			case 1:
				white++
			}
		}
		if math.Abs(black/400-share/2) > .06 || math.Abs(white/400-share/2) > .06 {
			t.Errorf("salt and pepper, share %g: %g black, %g white of 400", share, black, white)
		}
	}
}
