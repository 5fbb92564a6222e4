package library

import (
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// changedWindow is the smallest rectangle that holds all changed pixels.
func changedWindow(o *attacks.Oracle, x, before []float32) (r window, values int) {
	y0, x0, y1, x1 := o.H, o.W, -1, -1
	for i := range x {
		if x[i] != before[i] {
			y, u := i/o.C/o.W, i/o.C%o.W
			y0, x0, y1, x1 = min(y0, y), min(x0, u), max(y1, y), max(x1, u)
			values++
		}
	}
	return window{y0, x0, y1 - y0 + 1, x1 - x0 + 1}, values
}

// TestSquareWindows: windows reach every pixel, the last row and column too,
// have the size of the schedule, and one sign for each channel.
func TestSquareWindows(t *testing.T) {
	for _, s := range [][3]int{{9, 9, 3}, {12, 5, 1}, {4, 11, 2}} {
		o := newOracle(attacks.Linf, s[0], s[1], s[2], .1)
		m := signWindows{windowSampler{o: o}}
		best, x := slices.Clone(o.Image), make([]float32, len(o.Image))
		m.initialise(best)
		for i := range best {
			if d := vector.Abs(best[i] - o.Image[i]); vector.Abs(d-.1) > 1e-6 || vector.Sign(best[i]-o.Image[i]) != vector.Sign(best[i%(o.W*o.C)]-o.Image[i%(o.W*o.C)]) {
				t.Fatalf("%v: want vertical stripes of ±eps, got %g at %d", s, best[i]-o.Image[i], i)
			}
		}
		hit := make([]bool, o.H*o.W)
		for range 2000 {
			side := 3
			if !m.propose(x, best, 9.2/float64(o.H*o.W)) {
				if !slices.Equal(x, best) {
					t.Fatalf("%v: a change is called none", s)
				}
				continue
			}
			r, values := changedWindow(o, x, best)
			if r.h > side || r.w > side || values > side*side*o.C {
				t.Fatalf("%v: want changes in a window of %d, got %+v with %d values", s, side, r, values)
			}
			for i := range x {
				if x[i] != best[i] {
					hit[i/o.C] = true
				}
				if d := vector.Abs(x[i] - o.Image[i]); vector.Abs(d-.1) > 1e-6 {
					t.Fatalf("%v: want every value at ±eps, got %g", s, d)
				}
			}
		}
		if i := slices.Index(hit, false); i >= 0 {
			t.Errorf("%v: no window reached pixel (%d,%d)", s, i/o.W, i%o.W)
		}
	}
}

// TestSquareMovesMass: in L2 and L1 each candidate is at the surface of the ball and
// changes two windows only, and windows reach every pixel.
func TestSquareMovesMass(t *testing.T) {
	for _, n := range []attacks.Norm{attacks.L2, attacks.L1} {
		for _, s := range [][3]int{{12, 12, 1}, {24, 10, 3}, {3, 4, 1}} {
			eps := map[attacks.Norm]float32{attacks.L2: .25, attacks.L1: .3}[n]
			o := newOracle(n, s[0], s[1], s[2], eps)
			m := &etaWindows{windowSampler: windowSampler{o: o}}
			best, x := make([]float32, len(o.Image)), make([]float32, len(o.Image))
			hit, most := make([]bool, o.H*o.W), 0
			for i := range 2500 {
				if i%10 == 0 { // in L1 all mass ends in few pixels
					m.initialise(best)
				}
				if d := n.Distance(best, o.Image); math.Abs(d-float64(eps)) > 1e-4*float64(eps) {
					t.Fatalf("%s %v, move %d: want distance %g, got %g", n, s, i, eps, d)
				}
				m.propose(x, best, 9.2/float64(o.H*o.W))
				still, emptied := 0, 0
				for j := range o.H * o.W {
					a, b := float64(x[j*o.C]-o.Image[j*o.C]), float64(best[j*o.C]-o.Image[j*o.C])
					if math.Abs(a-b) < 1e-6 || math.Abs(a) < 1e-6 && math.Abs(b) < 1e-6 {
						still++
					} else {
						hit[j] = true
					}
					if math.Abs(a) < 1e-7 && math.Abs(b) > 1e-7 {
						emptied++
					}
				}
				most = max(most, emptied)
				// Scaling to the surface moves the rest a little, but in L2 only
				// where the box cut something off.
				if least := o.H*o.W - 18; n == attacks.L2 && still < least {
					t.Fatalf("%s %v, move %d: want %d pixels left alone, got %d", n, s, i, least, still)
				}
				copy(best, x)
			}
			if i := slices.Index(hit, false); i >= 0 {
				t.Errorf("%s %v: no window reached pixel (%d,%d)", n, s, i/o.W, i%o.W)
			}
			if want := 9; n == attacks.L2 && o.H > 3 && most < want {
				t.Errorf("%s %v: want a window of %d pixels emptied, got at most %d", n, s, want, most)
			}
		}
	}
}

// TestSquareSchedule is the table of the authors' code.
func TestSquareSchedule(t *testing.T) {
	for _, c := range []struct {
		i    int
		half int
	}{{0, 0}, {10, 0}, {11, 1}, {50, 1}, {51, 2}, {200, 2}, {201, 3}, {501, 4}, {1001, 5}, {2001, 6}, {4001, 7}, {6001, 8}, {8001, 9}} {
		a := &Square{P: .8, Queries: 5000}
		want := .8 / math.Pow(2, float64(c.half))
		if p := a.windowShare(c.i); math.Abs(p-want) > 1e-6 {
			t.Errorf("candidate %d: want p %g, got %g", c.i, want, p)
		}
		a.Rescale = true
		if p := a.windowShare((c.i + 1) / 2); c.i > 1000 && math.Abs(p-want) > 1e-6 {
			t.Errorf("rescaled, candidate %d: want p %g, got %g", (c.i+1)/2, want, p)
		}
	}
}
