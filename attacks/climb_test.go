package attacks

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"unwarp/graphs/graphtest"
)

// PGD from the clean image is BIM, and R-FGSM without its random step FGSM:
// the same images, losses and passes, bit for bit.
func TestWithoutNoise(t *testing.T) {
	for _, norm := range []Norm{Linf, L2} {
		list := parse(t, "bim(steps=7,alpha=.02)", "pgd(start=clean,steps=7,alpha=.02)", "fgsm", "rfgsm(share=0)")
		st := newStage(t, smooth(6, 6, 1, 5), box(norm), list...)
		set := seen(t, st, 9)
		// Batches of one: other batches round otherwise.
		ev := evaluate(t, st, set, Options{Attacks: list, Eps: []float32{.05, .1, .6}, Batch: 1, Exhaustive: true, Traces: 9})
		broken := 0
		for i := range set.Len() {
			for s := 0; s < 4; s += 2 {
				a, b := ev.Series[s].Attempts[i], ev.Series[s+1].Attempts[i]
				same := a.Tried == b.Tried && slices.Equal(a.Image, b.Image)
				if s == 0 {
					same = same && a.Cost == b.Cost && slices.Equal(a.Trace, b.Trace)
				}
				if !same {
					t.Errorf("%s, image %d: want %s to do as %s: %q, %q", norm, i, ev.Series[s+1].Attack, ev.Series[s].Attack, b.Tried, a.Tried)
				}
				broken += strings.Count(a.Tried, "1")
			}
		}
		if broken == 0 {
			t.Errorf("%s: want an example to compare, found none", norm)
		}
	}
}

// The first start of many is that of one.
func TestRestartsNeverHurt(t *testing.T) {
	for _, norm := range Threats {
		list := parse(t, "pgd(steps=3,restarts=1)", "pgd(steps=3,restarts=6)", "apgd(steps=5,restarts=1)", "apgd(steps=5,restarts=6)", "apgd-t(steps=5)", "apgd-t(steps=5,restarts=4)")
		st := newStage(t, smooth(6, 6, 1, 5), box(norm), list...)
		eps := map[Norm][]float32{Linf: {.02, .04, .08}, L2: {.1, .2, .4}, L1: {.4, .8, 1.6}}[norm]
		ev := evaluate(t, st, seen(t, st, 24), Options{Attacks: list, Eps: eps, Batch: 24, Exhaustive: true})
		for s := 0; s < len(list); s += 2 {
			for i, one := range ev.Series[s].Attempts {
				for k := range one.Tried {
					if many := ev.Series[s+1].Attempts[i]; one.Tried[k] > many.Tried[k] {
						t.Errorf("%s, %s, image %d: breaks %q, one start %q", norm, ev.Series[s+1].Attack, i, many.Tried, one.Tried)
					}
				}
			}
		}
	}
}

// On linear nets the smallest perturbation is known: at a radius a little above
// it the attacks succeed, and below it nothing can.
func TestLinearReached(t *testing.T) {
	for _, row := range []struct {
		norm   Norm
		above  float64
		attack []string
	}{
		// From the far side of the ball, PGD's 40 or 50 steps do not reach the other.
		{Linf, 1.005, []string{"bim", "pgd(steps=70)", "mifgsm", "apgd(steps=40,loss=margin)", "apgd-t(steps=40)"}},
		{L2, 1.02, []string{"bim", "pgd(steps=160,loss=margin)", "mifgsm", "apgd(steps=40,loss=margin)", "apgd-t(steps=40)"}},
		{L1, 1.05, []string{"pgd", "pgd(loss=margin)"}},
		{L1, 1.25, []string{"apgd(steps=60)", "apgd(steps=60,loss=margin,narrow=no)", "apgd-t(steps=60)"}},
	} {
		list := parse(t, row.attack...)
		l := seesaw(3, 5, 4, 1)
		set := l.labelled(8, 7, .2, .8)
		st := newStage(t, l.victim(), box(row.norm), list...)
		var eps []float32
		smallest := make([]float64, set.Len())
		for i := range smallest {
			smallest[i] = l.smallest(row.norm, image(set.Pixels, i, 20), int(set.Labels[i]))
			if i%4 != 3 {
				eps = append(eps, float32(.999*smallest[i]), float32(1.001*row.above*smallest[i]))
			}
		}
		for _, a := range list {
			ev := evaluate(t, st, set, Options{Attacks: []Attack{a}, Eps: eps, Batch: 10})
			for i, at := range ev.Series[0].Attempts {
				for k, e := range ev.Series[0].Radii {
					far := float64(e) / smallest[i]
					if at.Done && (at.Tried[k] == '1' && far < 1-1e-4 || at.Tried[k] == '0' && far > row.above) {
						t.Errorf("%s, %s, image %d at %g times the smallest perturbation: tried %q", row.norm, Text(a), i, far, at.Tried[k:k+1])
					}
				}
				if at.Done && math.IsInf(float64(at.Reach), 1) && smallest[i] < float64(ev.Radii[len(ev.Radii)-1])/row.above {
					t.Errorf("%s, %s, image %d: not broken", row.norm, Text(a), i)
				}
			}
		}
	}
}

// Where softmax saturates the cross-entropy has no gradient; a temperature
// brings it back.
func TestTemperature(t *testing.T) {
	l := seesaw(3, 4, 4, 1)
	for k, w := range l.weights {
		l.bias[k] *= 1000
		for i := range w {
			w[i] *= 1000
		}
	}
	list := parse(t, "pgd(start=clean)", "pgd(start=clean,temperature=1000)")
	set := l.labelled(4, 16, 0, 1)
	ev := evaluate(t, newStage(t, l.victim(), box(Linf), list...), set, Options{Attacks: list, Eps: []float32{.5}, Batch: 16, Exhaustive: true})
	if cold, warm := ev.Broken(0, .5), ev.Broken(1, .5); cold > warm/2 || warm != ev.CleanRight {
		t.Errorf("want all of %d images broken at temperature 1000, and few at 1; got %d and %d", ev.CleanRight, warm, cold)
	}
}

// m = µ·m + g/|g|₁, by hand, for gradients of which float32 cannot hold the
// sum, and none.
func TestMomentum(t *testing.T) {
	for _, size := range []float32{1, 1e-38, 1e38} {
		c := &Case{Image: make([]float32, 2), Threat: box(L2), Eps: 1}
		k := (&MIFGSM{Steps: 4, Mu: .5}).climber(c)
		for _, g := range [][4]float64{
			{3, -1, .75, -.25},
			{0, 2, .375, .875},
			{0, 0, .1875, .4375},
			{1, 1, .09375 + .5, .21875 + .5},
		} {
			got := []float32{float32(g[0]) * size, float32(g[1]) * size}
			k.turn(got, nil)
			length := math.Hypot(g[2], g[3])
			graphtest.Near(t, "direction", got, []float64{g[2] / length, g[3] / length}, 1e-6)
		}
		if k.alpha != .25 {
			t.Errorf("want steps of eps/4, got %g", k.alpha)
		}
	}
}

// Steps and sizes of PGD, as the libraries have them.
func TestPGDPlans(t *testing.T) {
	for _, row := range []struct {
		text  string
		norm  Norm
		steps int
		alpha float32
	}{
		{"pgd", Linf, 40, .01}, {"pgd", L2, 50, .0075}, {"pgd", L1, 50, .03},
		{"pgd(steps=7)", Linf, 7, .01}, {"pgd(alpha=2/255)", L2, 50, 2. / 255},
	} {
		k := parse(t, row.text)[0].(*PGD).climber(&Case{Image: make([]float32, 3), Threat: box(row.norm), Eps: .3})
		if k.steps != row.steps || math.Abs(float64(k.alpha-row.alpha)) > 1e-8 {
			t.Errorf("%s in %s: want %d steps of %g, got %d of %g", row.text, row.norm, row.steps, row.alpha, k.steps, k.alpha)
		}
	}
}

// An attack stops at the first iterate that succeeds, whatever later ones do.
func TestStopsAtSuccess(t *testing.T) {
	for _, norm := range []Norm{Linf, L2} {
		list := parse(t, "bim(steps=50)", "pgd(steps=50)", "mifgsm(steps=50)", "apgd(steps=50)", "apgd-t(steps=50)")
		l := seesaw(3, 4, 4, 1)
		ev := evaluate(t, newStage(t, l.victim(), box(norm), list...), l.labelled(4, 12, .3, .7), Options{Attacks: list, Eps: []float32{.9}, Batch: 12, Exhaustive: true})
		for _, s := range ev.Series {
			for i, at := range s.Attempts {
				if at.Done && (at.Backward > 30 || at.Referee != 1 || at.Tried != "1") {
					t.Errorf("%s, %s, image %d: want an example after few of 50 steps, judged once; got %q after %d, judged %d times", norm, s.Attack, i, at.Tried, at.Backward, at.Referee)
				}
			}
		}
	}
}

// Random starts fill the ball evenly, and PGD begins at one.
func TestRandomStart(t *testing.T) {
	for _, norm := range Threats {
		const n, eps = 4, .125
		c := &Case{Image: []float32{.5, .5, .5, .5}, Threat: box(norm), Eps: eps, Rand: rand.New(rand.NewPCG(1, 2))}
		var inner, up, quarter int
		const draws = 4000
		for range draws {
			x := c.Start(eps)
			// Half of the volume lies within 2^(-1/n) of the radius.
			if d := distance(norm, x, c.Image); d <= eps*math.Pow(.5, 1./n) {
				inner++
			} else if d > eps*(1+1e-5) {
				t.Fatalf("%s: a start at %g", norm, d)
			}
			if x[0] > .5 {
				up++
				if x[3] > .5 {
					quarter++
				}
			}
		}
		// Binomial: 2000 ± 32, 1000 ± 27.
		if math.Abs(float64(inner-draws/2)) > 160 || math.Abs(float64(up-draws/2)) > 160 || math.Abs(float64(quarter-draws/4)) > 140 {
			t.Errorf("%s: of %d starts %d in the inner half, %d above the first value, %d above the last too", norm, draws, inner, up, quarter)
		}
		list := parse(t, "pgd(start=clean,steps=1,loss=margin)", "pgd(steps=1,restarts=2,loss=margin)")
		st := newStage(t, smooth(6, 6, 1, 5), box(norm), list...)
		ev := evaluate(t, st, seen(t, st, 4), Options{Attacks: list, Eps: []float32{.003}, Batch: 4, Exhaustive: true, Traces: 4})
		for i, at := range ev.Series[1].Attempts[:3] {
			clean := ev.Series[0].Attempts[i].Trace
			if len(at.Trace) != 2 || len(clean) != 1 || at.Trace[0] == at.Trace[1] || at.Trace[0] == clean[0] {
				t.Errorf("%s, image %d: want two starts besides the image, whose loss is %v, got losses of %v", norm, i, clean, at.Trace)
			}
		}
	}
}

// Towards a target: on a linear net every attack arrives, and at that class.
func TestTargetReached(t *testing.T) {
	for _, norm := range Threats {
		var list []Attack
		for _, a := range parse(t, "fgsm(target=2)", "bim(target=2)", "rfgsm(target=2)", "pgd(target=2)", "mifgsm(target=2)", "apgd(target=2,steps=40)", "apgd-t(target=2,steps=40)") {
			if norm == L1 && About(a).Name == "bim" {
				continue // its steps change one value, which may be at the box
			}
			if norms := About(a).Norms; norms == nil || slices.Contains(norms, norm) {
				list = append(list, a)
			}
		}
		l := newLinear(6, 5, 5, 1, 5)
		eps := map[Norm]float32{Linf: .5, L2: 2.5, L1: 10}[norm]
		ev := evaluate(t, newStage(t, l.victim(), box(norm), list...), l.labelled(4, 12, .3, .7), Options{Attacks: list, Eps: []float32{eps}, Batch: 12, Exhaustive: true})
		for _, s := range ev.Series {
			tried, reached := 0, 0
			for i, at := range s.Attempts {
				if !at.Done || at.Skipped {
					continue
				}
				if tried++; at.Tried == "1" {
					reached++
					if at.Class != 2 {
						t.Errorf("%s, %s, image %d: want class 2, got %d", norm, s.Attack, i, at.Class)
					}
				}
			}
			if s.Schedule == PerRadius && reached < tried || tried == 0 {
				t.Errorf("%s, %s: reached in %d of %d", norm, s.Attack, reached, tried)
			}
		}
	}
}
