package library

import (
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// TestResample: translation by whole pixels shifts them, rotation by 90 degrees
// permutes them, translation by half a pixel averages neighbours; values from
// outside are zero or those of the edge.
func TestResample(t *testing.T) {
	const n, c = 6, 2
	src := newOracle(attacks.L2, n, n, c, 1).Image
	at := func(y, x, k int, zeros bool) float32 {
		if zeros && (y < 0 || x < 0 || y >= n || x >= n) {
			return 0
		}
		return src[(min(max(y, 0), n-1)*n+min(max(x, 0), n-1))*c+k]
	}
	for _, zeros := range []bool{false, true} {
		for _, r := range []struct {
			name         string
			turn, dx, dy float64
			want         func(y, x, k int) float32
		}{
			{name: "right and down", dx: 2, dy: 1, want: func(y, x, k int) float32 { return at(y-1, x-2, k, zeros) }},
			{name: "left", dx: -1, want: func(y, x, k int) float32 { return at(y, x+1, k, zeros) }},
			{name: "half", dx: .5, want: func(y, x, k int) float32 { return (at(y, x, k, zeros) + at(y, x-1, k, zeros)) / 2 }},
			// Counterclockwise: what was on the right is at the top.
			{name: "quarter", turn: 90, want: func(y, x, k int) float32 { return at(x, n-1-y, k, zeros) }},
			{name: "quarter back, down", turn: -90, dy: 1, want: func(y, x, k int) float32 {
				if y == 0 {
					if zeros {
						return 0
					}
					return at(n-1-x, 0, k, zeros) // the edge of what is turned
				}
				return at(n-1-x, y-1, k, zeros)
			}},
			{name: "about", turn: 180, want: func(y, x, k int) float32 { return at(n-1-y, n-1-x, k, zeros) }},
		} {
			dst := make([]float32, len(src))
			resample(dst, src, n, n, c, zeros, rotateAndTranslate(n, n, r.turn, r.dx, r.dy))
			for i, v := range dst {
				if want := r.want(i/c/n, i/c%n, i%c); vector.Abs(v-want) > 1e-5 {
					t.Errorf("%s, zeros %v: (%d,%d) is %g, want %g", r.name, zeros, i/c/n, i/c%n, v, want)
					break
				}
			}
		}
	}
}

// TestSpatialGrid: every combination occurs once.
func TestSpatialGrid(t *testing.T) {
	a := &Spatial{Mode: "grid", Rotation: 30, Move: 2, Angles: 3, Moves: 5}
	seen := map[[3]float64]bool{}
	for i := range 75 {
		turn, dx, dy := a.transformation(nil, i)
		seen[[3]float64{turn, dx, dy}] = true
	}
	for _, turn := range []float64{-30, 0, 30} {
		for dx := -2.; dx <= 2; dx++ {
			for dy := -2.; dy <= 2; dy++ {
				if !seen[[3]float64{turn, dx, dy}] {
					t.Errorf("want a rotation by %g with a translation by (%g,%g), got none", turn, dx, dy)
				}
			}
		}
	}
	if len(seen) != 75 {
		t.Errorf("want 75 combinations, got %d", len(seen))
	}
}
