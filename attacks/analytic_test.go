package attacks

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"unwarp/graphs/graphtest"
)

// stepped is x + size·(the steepest direction of g), in the box, in float64.
func stepped(norm Norm, x []float32, g []float64, size float64) []float64 {
	length := 0.
	for _, v := range g {
		length += v * v
	}
	out := make([]float64, len(x))
	for i, v := range g {
		d := v / math.Sqrt(length)
		if norm == Linf {
			d = 0
			if v != 0 {
				d = math.Copysign(1, v)
			}
		}
		out[i] = math.Min(math.Max(float64(x[i])+size*d, 0), 1)
	}
	return out
}

// On linear logits the gradient of every loss is known, so FGSM must propose
// exactly these images, at every eps, whichever classes there are.
func TestFGSMOnLinearLogits(t *testing.T) {
	eps := []float32{1e-6, 8. / 255, .3, 1}
	for _, k := range []int{2, 5} {
		for _, norm := range []Norm{Linf, L2} {
			l := newLinear(uint64(k), 3, 2, 2, k)
			set := l.labelled(1, 9, 0, 1)
			var all []Attack
			for _, loss := range Losses {
				all = append(all, FGSM{Loss: loss})
			}
			rep := newStage(t, l.victim(), box(norm), Options{Attacks: all, Eps: eps, Batch: 4}).run(t, set)[0]
			for _, o := range rep.Outcomes {
				tolerance := 1e-6
				if norm == L2 && o.Loss != Margin {
					tolerance = 1e-4 // 1 - softmax has few digits in float32
				}
				for i, label := range set.Labels {
					x := image(set.Pixels, i, 12)
					want := stepped(norm, x, l.gradient(o.Loss, x, label), float64(o.Eps))
					graphtest.Near(t, fmt.Sprintf("%d classes, %s, %s at %g, image %d", k, norm, o.Attack, o.Eps, i), image(o.Adversarial, i, 12), want, tolerance)
				}
			}
		}
	}
}

// The gradient of two classes' linear logits never turns, so that BIM walks
// straight on: steps·alpha far, or to the ball's surface.
func TestBIMOnLinearLogits(t *testing.T) {
	const eps = .2
	for text, far := range map[string]float64{
		"bim(alpha=.03,steps=3)":                .09,
		"bim(alpha=.03,steps=3,loss=margin)":    .09,
		"bim(alpha=.03,steps=10)":               eps,
		"bim":                                   eps,
		"bim(steps=4)":                          .16, // of eps/5
		"bim(preset=paper,steps=1)":             eps,
		"bim(preset=paper,steps=3,loss=margin)": eps,
		"bim(preset=split,steps=3)":             eps,
		"bim(preset=kurakin)":                   eps, // 55 steps of 1/255 = .2157
	} {
		a, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, norm := range []Norm{Linf, L2} {
			l := newLinear(7, 2, 3, 1, 2)
			lo, hi := float32(0), float32(1)
			if norm == L2 {
				lo, hi = .3, .7 // the box would bend the way
			}
			set := l.labelled(2, 8, lo, hi)
			rep := newStage(t, l.victim(), box(norm), Options{Attacks: []Attack{a}, Eps: []float32{eps}, Batch: 8}).run(t, set)[0]
			for i, label := range set.Labels {
				x := image(set.Pixels, i, 6)
				want := stepped(norm, x, l.gradient(a.Follows(), x, label), far)
				graphtest.Near(t, fmt.Sprintf("%s, %s, image %d", norm, text, i), image(rep.Outcomes[0].Adversarial, i, 6), want, 2e-6)
			}
		}
	}
}

// Each step of BIM takes the gradient where it stands, and comes back into
// ball and box: replayed in float64, with five classes whose ranks change on
// the way.
func TestBIMReplayed(t *testing.T) {
	const eps, alpha, steps = .25, .06, 8
	for _, norm := range []Norm{Linf, L2} {
		for _, loss := range Losses {
			l := newLinear(11, 3, 2, 1, 5)
			set := l.labelled(3, 6, 0, 1)
			a := BIM{Loss: loss, Steps: steps, Alpha: alpha}
			rep := newStage(t, l.victim(), box(norm), Options{Attacks: []Attack{a}, Eps: []float32{eps}, Batch: 6}).run(t, set)[0]
			for i, label := range set.Labels {
				origin := image(set.Pixels, i, 6)
				x := append([]float32{}, origin...)
				for range steps {
					free := make([]float32, len(x)) // of the box
					g := l.gradient(loss, x, label)
					for j, v := range x {
						d := stepped(norm, []float32{.5}, g[j:j+1], .5)[0]*2 - 1 // the sign
						if norm == L2 {
							length := 0.
							for _, v := range g {
								length += v * v
							}
							d = g[j] / math.Sqrt(length)
						}
						free[j] = float32(float64(v) + alpha*d)
					}
					for j, v := range projected(norm, free, origin, eps) {
						x[j] = float32(v)
					}
				}
				want := make([]float64, len(x))
				for j, v := range x {
					want[j] = float64(v)
				}
				graphtest.Near(t, fmt.Sprintf("%s, %s, image %d", norm, loss, i), image(rep.Outcomes[0].Adversarial, i, 6), want, 1e-5)
			}
		}
	}
}

// Random signs: every value moves by eps in one of two directions, the same at
// each eps, drawn from seed and index alone.
func TestRandomSigns(t *testing.T) {
	const n, px = 40, 75
	l := newLinear(1, 5, 5, 3, 2)
	set := l.labelled(4, n, .3, .7)
	all := []Attack{Random{}, Random{Seed: 9}}
	for _, norm := range []Norm{Linf, L2} {
		unit := 1.
		if norm == L2 {
			unit = 1 / math.Sqrt(px)
		}
		rep := newStage(t, l.victim(), box(norm), Options{Attacks: all, Eps: []float32{.1, .2}, Batch: 16}).run(t, set)[0]
		differ := 0
		for i := range n * px {
			sign := math.Copysign(1, float64(rep.Outcomes[0].Adversarial[i]-set.Pixels[i]))
			for k, o := range rep.Outcomes {
				d := float64(o.Adversarial[i]) - float64(set.Pixels[i])
				if k < 2 && math.Abs(d-sign*unit*float64(o.Eps)) > 1e-6 {
					t.Fatalf("%s, value %d: want a change of %g at %g, got %g", norm, i, sign*unit*float64(o.Eps), o.Eps, d)
				}
				if k == 2 && d*sign < 0 {
					differ++
				}
			}
		}
		// Binomial: 1500 ± 27.
		if differ < n*px/2-150 || differ > n*px/2+150 {
			t.Errorf("%s: want another seed to change half of %d signs, got %d", norm, n*px, differ)
		}
		up := 0
		for i := range n * px {
			if rep.Outcomes[0].Adversarial[i] > set.Pixels[i] {
				up++
			}
		}
		if up < n*px/2-150 || up > n*px/2+150 {
			t.Errorf("%s: want about half of %d values to rise, got %d", norm, n*px, up)
		}
	}
}

// An image's random signs depend on its index, not on its place in the set.
func TestRandomFollowsTheImage(t *testing.T) {
	const n, px = 10, 12
	l := newLinear(1, 3, 4, 1, 2)
	set := l.labelled(5, n, .3, .7)
	st := newStage(t, l.victim(), box(Linf), Options{Attacks: []Attack{Random{Seed: 3}}, Eps: []float32{.1}, Batch: 4})
	before := st.run(t, set)[0].Outcomes[0].Adversarial
	order := rand.New(rand.NewPCG(1, 1)).Perm(n)[:7]
	var some Set
	for _, i := range order {
		some.Pixels = append(some.Pixels, image(set.Pixels, i, px)...)
		some.Labels = append(some.Labels, set.Labels[i])
		some.Index = append(some.Index, set.Index[i])
	}
	after := st.run(t, some)[0].Outcomes[0].Adversarial
	for k, i := range order {
		graphtest.Equal(t, fmt.Sprint("image ", i), image(after, k, px), image(before, i, px))
	}
}
