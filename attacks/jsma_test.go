package attacks

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// pairSlowly is the definition: all pairs, the product of alpha and beta.
func pairSlowly(up, down []float32, theta float32, free []bool) (best float64, at [][2]int) {
	s := float64(sign(theta))
	for p := range up {
		for q := p + 1; q < len(up); q++ {
			if !free[p] || !free[q] {
				continue
			}
			alpha, beta := s*(float64(up[p])+float64(up[q])), s*(float64(down[p])+float64(down[q]))
			if alpha <= 0 || beta >= 0 || -alpha*beta < best {
				continue
			}
			if -alpha*beta > best {
				best, at = -alpha*beta, nil
			}
			at = append(at, [2]int{p, q})
		}
	}
	return best, at
}

// TestPair compares the choice among few with that among all pairs: with
// distinct values, with many equal ones, with values that must not move, with
// steps down, and where no pair helps.
func TestPair(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	m := &saliency{}
	none := 0
	for trial := range 3000 {
		n := 2 + r.IntN(40)
		up, down, free := make([]float32, n), make([]float32, n), make([]bool, n)
		shift := float32(r.NormFloat64()) // makes helpful values many or few
		for i := range up {
			up[i], down[i] = float32(r.NormFloat64())+shift, float32(r.NormFloat64())-shift
			if trial%3 == 0 {
				up[i], down[i] = float32(r.IntN(5)-2), float32(r.IntN(5)-2)
			}
			free[i] = r.IntN(5) > 0
		}
		theta := []float32{1, -.5}[trial%2]
		p, q, ok := m.pair(up, down, theta, func(i int) bool { return free[i] })
		best, at := pairSlowly(up, down, theta, free)
		if !ok {
			none++
		}
		if ok != (best > 0) || ok && !slices.Contains(at, [2]int{p, q}) {
			t.Fatalf("trial %d: want one of %v with %g, got (%d,%d) %v", trial, at, best, p, q, ok)
		}
	}
	if none == 0 || none == 3000 {
		t.Errorf("want trials with and without a pair, got %d without", none)
	}
}

// TestGoldenJSMA compares which values change with the pairs that the
// definition chooses in float64, for the next class as target.
func TestGoldenJSMA(t *testing.T) {
	g := openGolden(t, "minimal")
	for _, net := range []string{"a", "b"} {
		n := openGoldenNet(t, net)
		const images = 20
		list := parse(t, "jsma(theta=1,gamma=.3,target=next)")
		px := n.Victim.pixels()
		set := Set{Pixels: n.Images[:images*px], Labels: n.Labels[:images], Index: make([]int, images)}
		ev := evaluate(t, newStage(t, n.Victim, box(L1), list...), set,
			Options{Attacks: list, Eps: []float32{1}, Batch: images, Exhaustive: true})
		shape := g.arrays[net+"/jsma/pairs"].shape
		pairs, success := g.ints(net+"/jsma/pairs", images, -1, 2), g.bytes(net+"/jsma/success", images)
		reached := 0
		for i, at := range ev.Series[0].Attempts {
			if (at.Image != nil) != (success[i] == 1) {
				t.Errorf("%s, image %d: want success %d, got %v", net, i, success[i], at.Image != nil)
				continue
			}
			if at.Image == nil {
				continue
			}
			reached++
			var want, got []int
			for _, p := range pairs[i*shape[1]*2 : (i+1)*shape[1]*2] {
				if p >= 0 {
					want = append(want, int(p))
				}
			}
			slices.Sort(want)
			for k, v := range at.Image {
				if v != image(set.Pixels, i, px)[k] {
					got = append(got, k)
				}
			}
			if !slices.Equal(want, got) {
				t.Errorf("%s, image %d: want the values %v changed, got %v", net, i, want, got)
			}
		}
		t.Logf("net %s: the same values as by definition, on %d images that reach their target", net, reached)
	}
}

// Where no value of thousands may be left out of the matrix, it would be 84 GiB
// at 224x224 pixels.
func BenchmarkPair(b *testing.B) {
	for _, n := range []int{784, 150528} {
		r := rand.New(rand.NewPCG(5, 2))
		up, down := make([]float32, n), make([]float32, n)
		for i := range up {
			up[i], down[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
		}
		m := &saliency{}
		b.Run(map[int]string{784: "28x28x1", 150528: "224x224x3"}[n], func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				m.pair(up, down, 1, func(int) bool { return true })
			}
		})
	}
}
