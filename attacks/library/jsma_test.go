package library

import (
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
)

// bestPairSlowly is the definition: all pairs, the product of alpha and beta.
func bestPairSlowly(alpha, beta []float32, theta float32, free []bool) (best float64, at [][2]int) {
	s := float64(vector.Sign(theta))
	for p := range alpha {
		for q := p + 1; q < len(alpha); q++ {
			if !free[p] || !free[q] {
				continue
			}
			a, b := s*(float64(alpha[p])+float64(alpha[q])), s*(float64(beta[p])+float64(beta[q]))
			if a <= 0 || b >= 0 || -a*b < best {
				continue
			}
			if -a*b > best {
				best, at = -a*b, nil
			}
			at = append(at, [2]int{p, q})
		}
	}
	return best, at
}

// TestBestPair compares the choice on the Pareto front with that among all pairs:
// with distinct values, many equal ones, values that must not move, negative theta,
// and where no pair qualifies.
func TestBestPair(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	m := &saliencyMap{}
	none := 0
	for trial := range 3000 {
		n := 2 + r.IntN(40)
		alpha, beta, free := make([]float32, n), make([]float32, n), make([]bool, n)
		shift := float32(r.NormFloat64()) // makes helpful values many or few
		for i := range alpha {
			alpha[i], beta[i] = float32(r.NormFloat64())+shift, float32(r.NormFloat64())-shift
			if trial%3 == 0 {
				alpha[i], beta[i] = float32(r.IntN(5)-2), float32(r.IntN(5)-2)
			}
			free[i] = r.IntN(5) > 0
		}
		theta := []float32{1, -.5}[trial%2]
		p, q, ok := m.bestPair(alpha, beta, theta, func(i int) bool { return free[i] })
		best, at := bestPairSlowly(alpha, beta, theta, free)
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
		list := attacktest.Parse(t, "jsma(theta=1,gamma=.3,target=next)")
		px := n.Victim.Size()
		set := attacks.Images{Pixels: n.Images[:images*px], Labels: n.Labels[:images], Index: make([]int, images)}
		ev := attacktest.Evaluate(t, attacktest.NewSession(t, n.Victim, attacktest.UnitBox(attacks.L1), list...), set,
			engine.Options{Attacks: list, Eps: []float32{1}, Batch: images, Exhaustive: true})
		shape := g.arrays[net+"/jsma/pairs"].Shape()
		pairs, success := g.ints(net+"/jsma/pairs", images, -1, 2), g.bytes(net+"/jsma/success", images)
		reached := 0
		for i, at := range ev.Attacks[0].Results {
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
				if v != attacktest.Row(set.Pixels, i, px)[k] {
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

// BenchmarkBestPair: a matrix of all pairs would take 84 GiB at 224x224 pixels.
func BenchmarkBestPair(b *testing.B) {
	for _, n := range []int{784, 150528} {
		r := rand.New(rand.NewPCG(5, 2))
		alpha, beta := make([]float32, n), make([]float32, n)
		for i := range alpha {
			alpha[i], beta[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
		}
		m := &saliencyMap{}
		b.Run(map[int]string{784: "28x28x1", 150528: "224x224x3"}[n], func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				m.bestPair(alpha, beta, 1, func(int) bool { return true })
			}
		})
	}
}
