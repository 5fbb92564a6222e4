package library

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// mirroredLinear has the logits (-z, z, -1, -2) with z = w·x + b: the distance from
// an image to the boundary is |z| over the dual norm of w.
func mirroredLinear(seed uint64, h, w, c int) attacktest.Linear {
	r := rand.New(rand.NewPCG(seed, 8))
	l := attacktest.Linear{H: h, W: w, C: c, K: 4, Bias: []float32{-.2, .2, -1, -2}}
	up, down := make([]float32, h*w*c), make([]float32, h*w*c)
	for i := range up {
		up[i] = float32(r.NormFloat64())
		down[i] = -up[i]
		l.Bias[0] += .5 * up[i] // z is near 0 at grey
		l.Bias[1] -= .5 * up[i]
	}
	l.Weights = [][]float32{down, up, make([]float32, h*w*c), make([]float32, h*w*c)}
	return l
}

// smallestDistance is the distance from x to the nearest other class, inside the
// box; +Inf if there is none.
func smallestDistance(l attacktest.Linear, n attacks.Norm, x []float32, label int) float64 {
	z, best := l.Logits(x), math.Inf(1)
	for k := range z {
		if k == label {
			continue
		}
		w := make([]float64, len(x))
		for i := range w {
			w[i] = float64(l.Weights[k][i]) - float64(l.Weights[label][i])
		}
		gap := z[label] - z[k]
		if n == attacks.L0 {
			best = min(best, fewestChanges(toFloat64(x), w, gap))
			continue
		}
		d := projectOnHyperplaneSlowly(n, toFloat64(x), w, gap, 0, 1)
		gain, size := 0., 0.
		for i, v := range d {
			gain += v * w[i]
			switch v = math.Abs(v); n {
			case attacks.Linf:
				size = max(size, v)
			case attacks.L2:
				size += v * v
			case attacks.L1:
				size += v
			}
		}
		if n == attacks.L2 {
			size = math.Sqrt(size)
		}
		if gain > gap-1e-9 {
			best = min(best, size)
		}
	}
	return best
}

// fewestChanges is the smallest number of values that have to change for w·d = gap.
func fewestChanges(x, w []float64, gap float64) float64 {
	to := cornerStep(x, w, 0, 1)
	gains := make([]float64, len(x))
	for i := range gains {
		gains[i] = to[i] * w[i]
	}
	slices.Sort(gains)
	for n := 1; n <= len(gains); n++ {
		if gap -= gains[len(gains)-n]; gap <= 0 {
			return float64(n)
		}
	}
	return math.Inf(1)
}

// TestSmallestDistance: on linear nets the distances found lie between the smallest
// possible distance and a little more. A smaller one would be an error of the
// verification.
func TestSmallestDistance(t *testing.T) {
	// Attacks on the margin go to the class with the next largest logit, which
	// need not be the nearest. On the mirrored net it is: they must find it.
	exact := []string{"deepfool", "fab", "fab(targets=9,steps=40)"}
	other := []string{"fmn", "fmn-l0", "ddn", "cw(search=4,steps=150,weight=.1)", "ead(search=7,steps=300,weight=.01,beta=.01,rule=l1)"}
	for i, dims := range [][3]int{{1, 8, 1}, {4, 6, 1}, {5, 7, 7}} {
		batch := []int{1, 3, 8}[i]
		for name, l := range map[string]attacktest.Linear{
			"mirrored": mirroredLinear(uint64(i), dims[0], dims[1], dims[2]),
			"affine":   attacktest.NewLinear(uint64(i), dims[0], dims[1], dims[2], 5),
		} {
			for _, n := range attacks.Threats {
				t.Run(fmt.Sprint(name, "/", n, "/", dims), func(t *testing.T) {
					list := exact
					if name == "mirrored" {
						list = slices.Concat(exact, other)
					}
					var fit []attacks.Attack
					for _, a := range attacktest.Parse(t, list...) {
						// What does not depend on the threat is run once.
						if e := attacks.About(a); e.Norms == nil && e.OwnNorm == "" || slices.Contains(e.Norms, n) || e.OwnNorm != "" && n == attacks.L2 {
							fit = append(fit, a)
						}
					}
					set := l.Labelled(uint64(i), 8, .3, .7)
					ev := attacktest.Evaluate(t, attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(n), fit...), set,
						engine.Options{Attacks: fit, Eps: []float32{.5}, Batch: batch, Exhaustive: true})
					for _, s := range ev.Attacks {
						compareSmallest(t, l, set, ev, s)
					}
				})
			}
		}
	}
}

func compareSmallest(t *testing.T, l attacktest.Linear, set attacks.Images, ev *attacks.Evaluation, s attacks.AttackResult) {
	t.Helper()
	most := 0.
	for k, at := range s.Results {
		if !ev.Correct(k) {
			continue
		}
		best := smallestDistance(l, s.Norm, attacktest.Row(set.Pixels, k, l.H*l.W*l.C), int(set.Labels[k]))
		if best < .01 && (s.Name == "ddn" || s.Name == "cw") {
			continue // less than their last steps
		}
		limit := 1.25 * best
		switch s.Name {
		case "deepfool":
			limit = 1.02*(best+1e-4) + 1e-5 // its steps are 1e-4 longer
		case "fmn-l0":
			limit++
		}
		if math.IsInf(best, 1) {
			limit = math.Inf(1)
		}
		most = max(most, float64(at.Distance)/best)
		if d := float64(at.Distance); !(d <= limit) || d < best*(1-1e-4) {
			t.Errorf("%s, image %d: want a distance in %g..%g, got %g", s.Attack, k, best, limit, d)
		}
	}
	t.Logf("%s: at most %.4f of the smallest %s distance", s.Attack, most, s.Norm)
}
