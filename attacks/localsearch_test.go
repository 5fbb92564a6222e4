package attacks

import (
	"math"
	"slices"
	"testing"
)

// TestCyclic: values are scaled round the middle of the box, and where that
// leads outside come back by its width.
func TestCyclic(t *testing.T) {
	for _, b := range [][2]float32{{0, 1}, {-1, 3}} {
		k := &Case{Threat: Threat{Norm: L2, Lo: b[0], Hi: b[1]}}
		for _, r := range []float32{0, .5, 1.5, 2} {
			a := &LocalSearch{R: r}
			for i := range 101 {
				v := b[0] + (b[1]-b[0])*float32(i)/100
				pixel := []float32{v}
				a.change(k, pixel)
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

// TestAround compares neighbourhoods with a look at every pair of pixels.
func TestAround(t *testing.T) {
	k := canvas(L2, 7, 11, 1, 1)
	for _, d := range []int{0, 1, 3, 20} {
		for range 20 {
			centres := k.Rand.Perm(77)[:3]
			var want []int
			for p := range 77 {
				if p%5 != 0 && slices.ContainsFunc(centres, func(q int) bool {
					return max(p/11-q/11, q/11-p/11) <= d && max(p%11-q%11, q%11-p%11) <= d
				}) {
					want = append(want, p)
				}
			}
			if got := around(k, centres, d, func(p int) bool { return p%5 != 0 }); !slices.Equal(got, want) {
				t.Fatalf("d %d round %v: want %v, got %v", d, centres, want, got)
			}
		}
	}
}

// TestAdapted: trials grow where the label stays near certain, and shrink where
// it does not.
func TestAdapted(t *testing.T) {
	for mean, want := range map[float64]float32{.995: 6, .98: 3, .5: 3, .31: 3, .29: 1.5} {
		if p := (&LocalSearch{Mode: "paper"}).adapted(3, mean); p != want {
			t.Errorf("probability %g: want p %g, got %g", mean, want, p)
		}
		if p := (&LocalSearch{Mode: "foolbox"}).adapted(3, mean); p != 3 {
			t.Errorf("mode foolbox, probability %g: want p 3, got %g", mean, p)
		}
	}
}

// TestLocalSearchQueries: each round asks for its candidates and for the
// changed image; mode foolbox never tries more than 128 pixels, mode paper
// leaves changed ones out.
func TestLocalSearchQueries(t *testing.T) {
	v := smooth(16, 16, 1, 3)
	st := newStage(t, v, box(L2))
	set := seen(t, st, 3)
	for _, mode := range []string{"paper", "foolbox"} {
		a := &LocalSearch{Mode: mode, Rounds: 9, R: 1.5, D: 5, T: 5, Tabu: 4, Order: "descending"} // the wrong way: it lasts
		onCases(t, v, L2, set, nil, func(c *Case) {
			before, last := 0, map[int]int{}
			round := 0
			a.search(c, c.Rand.Perm, func(chosen []int) {
				asked := c.Spent.Forward - before
				before = c.Spent.Forward + 1
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
			if c.invalid > 0 {
				t.Errorf("%s: %d claims outside the box", mode, c.invalid)
			}
		})
	}
}
