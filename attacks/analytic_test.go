package attacks

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// seesaw has the logits (-z, z, -1, -2) with z = w·x + b, so that the distance
// from an image to the boundary is |z| over the dual norm of w.
func seesaw(seed uint64, h, w, c int) linear {
	r := rand.New(rand.NewPCG(seed, 8))
	l := linear{h: h, w: w, c: c, k: 4, bias: []float32{-.2, .2, -1, -2}}
	up, down := make([]float32, h*w*c), make([]float32, h*w*c)
	for i := range up {
		up[i] = float32(r.NormFloat64())
		down[i] = -up[i]
		l.bias[0] += .5 * up[i] // z is near 0 at grey
		l.bias[1] -= .5 * up[i]
	}
	l.weights = [][]float32{down, up, make([]float32, h*w*c), make([]float32, h*w*c)}
	return l
}

// smallest is the distance from x to the nearest class, inside the box; +Inf
// where there is none.
func (l linear) smallest(n Norm, x []float32, label int) float64 {
	z, best := l.logits(x), math.Inf(1)
	for k := range z {
		if k == label {
			continue
		}
		w := make([]float64, len(x))
		for i := range w {
			w[i] = float64(l.weights[k][i]) - float64(l.weights[label][i])
		}
		gap := z[label] - z[k]
		if n == L0 {
			best = min(best, fewest(wide(x), w, gap))
			continue
		}
		d := crossSlowly(n, wide(x), w, gap, 0, 1)
		gain, size := 0., 0.
		for i, v := range d {
			gain += v * w[i]
			switch v = math.Abs(v); n {
			case Linf:
				size = max(size, v)
			case L2:
				size += v * v
			case L1:
				size += v
			}
		}
		if n == L2 {
			size = math.Sqrt(size)
		}
		if gain > gap-1e-9 {
			best = min(best, size)
		}
	}
	return best
}

// fewest is how many values have to change for w·d = gap.
func fewest(x, w []float64, gap float64) float64 {
	to := corner(x, w, 0, 1)
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

// TestSmallestDistance: on linear nets the distances found lie between the
// smallest there is and a little more. A distance below it would be a mistake of
// the referee.
func TestSmallestDistance(t *testing.T) {
	// Those that follow the margin go to the class next in logits, which need
	// not be the nearest: where it is, on the seesaw, they must find it.
	exact := []string{"deepfool", "fab", "fab(targets=9,steps=40)"}
	other := []string{"fmn", "fmn-l0", "ddn", "cw(search=4,steps=150,weight=.1)", "ead(search=7,steps=300,weight=.01,beta=.01,rule=l1)"}
	for i, dims := range [][3]int{{1, 8, 1}, {4, 6, 1}, {5, 7, 7}} {
		batch := []int{1, 3, 8}[i]
		for name, l := range map[string]linear{
			"seesaw": seesaw(uint64(i), dims[0], dims[1], dims[2]),
			"affine": newLinear(uint64(i), dims[0], dims[1], dims[2], 5),
		} {
			for _, n := range Threats {
				t.Run(fmt.Sprint(name, "/", n, "/", dims), func(t *testing.T) {
					list := exact
					if name == "seesaw" {
						list = slices.Concat(exact, other)
					}
					var fit []Attack
					for _, a := range parse(t, list...) {
						// What does not depend on the threat is run once.
						if e := About(a); e.Norms == nil && e.Own == "" || slices.Contains(e.Norms, n) || e.Own != "" && n == L2 {
							fit = append(fit, a)
						}
					}
					set := l.labelled(uint64(i), 8, .3, .7)
					ev := evaluate(t, newStage(t, l.victim(), box(n), fit...), set,
						Options{Attacks: fit, Eps: []float32{.5}, Batch: batch, Exhaustive: true})
					for _, s := range ev.Series {
						compareSmallest(t, l, set, ev, s)
					}
				})
			}
		}
	}
}

func compareSmallest(t *testing.T, l linear, set Set, ev *Evaluation, s Series) {
	t.Helper()
	most := 0.
	for k, at := range s.Attempts {
		if !ev.Right(k) {
			continue
		}
		best := l.smallest(s.Norm, image(set.Pixels, k, l.h*l.w*l.c), int(set.Labels[k]))
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
