package geometry

import (
	"testing"

	"unwarp/graphs"
)

// TestSumAround: the gradient of one pixel reaches the square around it, cut at the
// edge, and no other.
func TestSumAround(t *testing.T) {
	const h, w = 4, 5
	field := make([]float32, 2*h*w)
	field[2*(1*w+4)+1] = 3 // row 1, the last column, dy
	for i, got := range SumAround(field, h, w, 1) {
		x, y, want := i/2%w, i/2/w, float32(0)
		if i%2 == 1 && x >= 3 && y <= 2 {
			want = 3
		}
		if got != want {
			t.Errorf("(%d,%d), side %d: want %g, got %g", x, y, i%2, want, got)
		}
	}
}

// TestWarpGradientAcross: a bright pixel pulls both of its neighbours at rest towards
// it; the plain gradient sees but one of them.
func TestWarpGradientAcross(t *testing.T) {
	const h, w = 3, 5
	image, g := make([]float32, h*w), make([]float32, h*w)
	image[1*w+2] = 1
	for i := range g {
		g[i] = 1
	}
	field, plain, across := make([]float32, 2*h*w), make([]float32, 2*h*w), make([]float32, 2*h*w)
	WarpGradient(plain, image, field, g, h, w, 1, graphs.Zero)
	WarpGradientAcross(across, image, field, g, h, w, 1, graphs.Zero, .25)
	left, right := 2*(1*w+1), 2*(1*w+3)
	if plain[left] != 1 || plain[right] != 0 {
		t.Errorf("plain: %g and %g", plain[left], plain[right])
	}
	if across[left] != .375 || across[right] != -.375 { // half of 1, at a row .25 off
		t.Errorf("across: %g and %g", across[left], across[right])
	}
}
