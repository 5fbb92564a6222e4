package library

import (
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
)

// TestPerturbPixel: values are scaled around the middle of the box; those outside
// come back by its width.
func TestPerturbPixel(t *testing.T) {
	for _, b := range [][2]float32{{0, 1}, {-1, 3}} {
		o := &attacks.Oracle{Problem: attacks.Problem{Threat: attacks.Threat{Norm: attacks.L2, Lo: b[0], Hi: b[1]}}}
		for _, r := range []float32{0, .5, 1.5, 2} {
			a := &LocalSearch{R: r}
			for i := range 101 {
				v := b[0] + (b[1]-b[0])*float32(i)/100
				pixel := []float32{v}
				a.perturbPixel(o, pixel)
				want := float64(r) * (float64(v-b[0])/float64(b[1]-b[0]) - .5) // in [-1/2,1/2]
				for want < -.5 {
					want++
				}
				for want > .5 {
					want--
				}
				want = float64(b[0]) + float64(b[1]-b[0])*(want+.5)
				// At ±1/2 itself either end is right.
				if d := math.Abs(float64(pixel[0]) - want); d > 1e-5 && math.Abs(d-float64(b[1]-b[0])) > 1e-5 {
					t.Errorf("box %v, r %g: %g becomes %g, want %g", b, r, v, pixel[0], want)
				}
				if pixel[0] < b[0] || pixel[0] > b[1] {
					t.Errorf("box %v, r %g: %g leaves the box", b, r, pixel[0])
				}
			}
		}
	}
}

// TestNeighbourhood compares it with the distances of all pairs of pixels.
func TestNeighbourhood(t *testing.T) {
	o := newOracle(attacks.L2, 7, 11, 1, 1)
	for _, d := range []int{0, 1, 3, 20} {
		for range 20 {
			centres := o.Rand.Perm(77)[:3]
			var want []int
			for p := range 77 {
				if p%5 != 0 && slices.ContainsFunc(centres, func(q int) bool {
					return max(p/11-q/11, q/11-p/11) <= d && max(p%11-q%11, q%11-p%11) <= d
				}) {
					want = append(want, p)
				}
			}
			if got := neighbourhood(o, centres, d, func(p int) bool { return p%5 != 0 }); !slices.Equal(got, want) {
				t.Fatalf("d %d round %v: want %v, got %v", d, centres, want, got)
			}
		}
	}
}

// TestAdaptSize: p grows while the label's probability stays near 1, and shrinks
// when it falls.
func TestAdaptSize(t *testing.T) {
	for mean, want := range map[float64]float32{.995: 6, .98: 3, .5: 3, .31: 3, .29: 1.5} {
		if p := (&LocalSearch{Mode: "paper"}).adaptSize(3, mean); p != want {
			t.Errorf("probability %g: want p %g, got %g", mean, want, p)
		}
		if p := (&LocalSearch{Mode: "foolbox"}).adaptSize(3, mean); p != 3 {
			t.Errorf("mode foolbox, probability %g: want p 3, got %g", mean, p)
		}
	}
}

// TestLocalSearchQueries: each round evaluates its candidates and the changed image;
// mode foolbox never perturbs more than 128 pixels, mode paper leaves changed ones
// out.
func TestLocalSearchQueries(t *testing.T) {
	v := attacktest.Smooth(16, 16, 1, 3)
	st := attacktest.NewSession(t, v, attacktest.UnitBox(attacks.L2))
	set := attacktest.PredictedImages(t, st, 3)
	for _, mode := range []string{"paper", "foolbox"} {
		a := &LocalSearch{Mode: mode, Rounds: 9, R: 1.5, D: 5, T: 5, Tabu: 4, Order: "descending"} // the wrong order: it takes many rounds
		ev := runOnImages(t, v, attacks.L2, set, nil, func(o *attacks.Oracle) {
			before, last := 0, map[int]int{}
			round := 0
			a.search(o, o.Rand.Perm, func(chosen []int) {
				asked := recorderOf(o).forward - before
				before = recorderOf(o).forward + 1
				switch {
				case round == 0 && asked != 25:
					t.Errorf("%s: want a tenth of the pixels at first, got %d", mode, asked)
				case mode == "foolbox" && asked > 128 || asked > 605:
					t.Errorf("%s, round %d: %d candidates", mode, round, asked)
				case len(chosen) != 5:
					t.Errorf("%s, round %d: want 5 pixels changed, got %v", mode, round, chosen)
				}
				for _, p := range chosen {
					if at, ok := last[p]; ok && mode == "paper" && round-at <= 4 {
						t.Errorf("round %d: pixel %d was changed in round %d", round, p, at)
					}
					last[p] = round
				}
				round++
			})
		})
		for i, r := range ev.Attacks[0].Results {
			if r.Invalid > 0 {
				t.Errorf("%s, image %d: %d claims outside the box", mode, i, r.Invalid)
			}
		}
	}
}
