package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
)

// What stands for a claim is an image of 8 bits within ball and box, whatever the
// norm, and near the claim.
func TestRoundToLattice(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 2))
	for _, norm := range attacks.Threats {
		for _, levels := range []int{1, 2, 255, 4095} {
			for range 50 {
				threat := attacks.Threat{Norm: norm, Lo: 0, Hi: 1, Lattice: levels}
				origin, x := make([]float32, 12), make([]float32, 12)
				eps := float32(math.Ceil(g.Float64()*float64(levels)) / float64(levels))
				for i := range origin {
					origin[i] = float32(g.IntN(levels+1)) / float32(levels)
					x[i] = origin[i] + eps*(2*g.Float32()-1)
				}
				attacks.Threat{Norm: norm, Lo: 0, Hi: 1}.Project(x, origin, eps)
				l := lattice{float64(levels), threat, float64(eps), origin}
				near := l.nearest(x)
				if near == nil || !isImageOfBits(near, levels) || !isLegal(near, origin, threat, eps) {
					t.Fatalf("%s, %d levels, eps %g: %v of %v around %v", norm, levels, eps, near, x, origin)
				}
				for i := range x {
					if d := math.Abs(float64(near[i] - x[i])); d > 1.001/float64(levels)+1e-6 {
						t.Fatalf("%s, %d levels: %g became %g", norm, levels, x[i], near[i])
					}
				}
				for _, y := range l.repairs(x, near) {
					if !isImageOfBits(y, levels) {
						t.Fatalf("repair %v", y)
					}
				}
			}
		}
	}
}

// isImageOfBits compares with each of the values that an image may have.
func isImageOfBits(x []float32, levels int) bool {
	values := make([]float32, levels+1) // ascending, by division in float32
	for k := range values {
		values[k] = float32(k) / float32(levels)
	}
	for _, v := range x {
		if _, found := slices.BinarySearch(values, v); !found {
			return false
		}
	}
	return true
}

func TestLegalOnLattice(t *testing.T) {
	threat := attacks.Threat{Norm: attacks.Linf, Lo: 0, Hi: 1, Lattice: 255}
	for _, row := range []struct {
		x  float32
		ok bool
	}{{100. / 255, true}, {math.Nextafter32(100./255, 1), false}, {.4, true}, {.5, false}, {0, true}, {1, true}} {
		if got := isLegal([]float32{row.x}, []float32{row.x}, threat, .1); got != row.ok {
			t.Errorf("%g: want %t, got %t", row.x, row.ok, got)
		}
	}
}
