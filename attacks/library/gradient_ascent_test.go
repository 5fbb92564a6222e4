package library

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/graphs/graphtest"
)

// TestPGDIsBIM: PGD from the clean image is BIM, and R-FGSM without its random step
// is FGSM: the same images, losses and passes, bit for bit.
func TestPGDIsBIM(t *testing.T) {
	for _, norm := range []attacks.Norm{attacks.Linf, attacks.L2} {
		list := attacktest.Parse(t, "bim(steps=7,alpha=.02)", "pgd(start=clean,steps=7,alpha=.02)", "fgsm", "rfgsm(share=0)")
		st := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 5), attacktest.UnitBox(norm), list...)
		set := attacktest.PredictedImages(t, st, 9)
		// Batches of one: other batches round otherwise.
		ev := attacktest.Evaluate(t, st, set, engine.Options{Attacks: list, Eps: []float32{.05, .1, .6}, Batch: 1, Exhaustive: true, LossCurves: 9})
		successes := 0
		for i := range set.Len() {
			for s := 0; s < 4; s += 2 {
				a, b := ev.Attacks[s].Results[i], ev.Attacks[s+1].Results[i]
				same := a.Tried == b.Tried && slices.Equal(a.Image, b.Image)
				if s == 0 {
					same = same && a.Cost == b.Cost && slices.Equal(a.LossCurve, b.LossCurve)
				}
				if !same {
					t.Errorf("%s, image %d: want %s to do as %s: %q, %q", norm, i, ev.Attacks[s+1].Attack, ev.Attacks[s].Attack, b.Tried, a.Tried)
				}
				successes += strings.Count(a.Tried, "1")
			}
		}
		if successes == 0 {
			t.Errorf("%s: want an example to compare, found none", norm)
		}
	}
}

// TestMoreRestarts: the first of many starts is the one of restarts=1, so that more
// restarts never succeed less often.
func TestMoreRestarts(t *testing.T) {
	for _, norm := range attacks.Threats {
		list := attacktest.Parse(t, "pgd(steps=3,restarts=1)", "pgd(steps=3,restarts=6)", "apgd(steps=5,restarts=1)", "apgd(steps=5,restarts=6)", "apgd-t(steps=5)", "apgd-t(steps=5,restarts=4)")
		st := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 5), attacktest.UnitBox(norm), list...)
		eps := map[attacks.Norm][]float32{attacks.Linf: {.02, .04, .08}, attacks.L2: {.1, .2, .4}, attacks.L1: {.4, .8, 1.6}}[norm]
		ev := attacktest.Evaluate(t, st, attacktest.PredictedImages(t, st, 24), engine.Options{Attacks: list, Eps: eps, Batch: 24, Exhaustive: true})
		for s := 0; s < len(list); s += 2 {
			for i, one := range ev.Attacks[s].Results {
				for k := range one.Tried {
					if many := ev.Attacks[s+1].Results[i]; one.Tried[k] > many.Tried[k] {
						t.Errorf("%s, %s, image %d: succeeds at %q, one start at %q", norm, ev.Attacks[s+1].Attack, i, many.Tried, one.Tried)
					}
				}
			}
		}
	}
}

// TestSuccessOnLinear: on linear nets the smallest perturbation is known. The attacks
// succeed at a radius a little above it, and never below.
func TestSuccessOnLinear(t *testing.T) {
	for _, row := range []struct {
		norm   attacks.Norm
		above  float64
		attack []string
	}{
		// PGD's default 40 or 50 steps do not cross the ball.
		{attacks.Linf, 1.005, []string{"bim", "pgd(steps=70)", "mifgsm", "apgd(steps=40,loss=margin)", "apgd-t(steps=40)"}},
		{attacks.L2, 1.02, []string{"bim", "pgd(steps=160,loss=margin)", "mifgsm", "apgd(steps=40,loss=margin)", "apgd-t(steps=40)"}},
		{attacks.L1, 1.05, []string{"pgd", "pgd(loss=margin)"}},
		{attacks.L1, 1.25, []string{"apgd(steps=60)", "apgd(steps=60,loss=margin,narrow=no)", "apgd-t(steps=60)"}},
	} {
		list := attacktest.Parse(t, row.attack...)
		l := mirroredLinear(3, 5, 4, 1)
		set := l.Labelled(8, 7, .2, .8)
		st := attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(row.norm), list...)
		var eps []float32
		smallest := make([]float64, set.Len())
		for i := range smallest {
			smallest[i] = smallestDistance(l, row.norm, attacktest.Row(set.Pixels, i, 20), int(set.Labels[i]))
			if i%4 != 3 {
				eps = append(eps, float32(.999*smallest[i]), float32(1.001*row.above*smallest[i]))
			}
		}
		for _, a := range list {
			ev := attacktest.Evaluate(t, st, set, engine.Options{Attacks: []attacks.Attack{a}, Eps: eps, Batch: 10})
			for i, at := range ev.Attacks[0].Results {
				for k, e := range ev.Attacks[0].Radii {
					ratio := float64(e) / smallest[i]
					if at.Done && (at.Tried[k] == '1' && ratio < 1-1e-4 || at.Tried[k] == '0' && ratio > row.above) {
						t.Errorf("%s, %s, image %d at %g times the smallest perturbation: tried %q", row.norm, attacks.Text(a), i, ratio, at.Tried[k:k+1])
					}
				}
				if at.Done && math.IsInf(float64(at.ThreatDistance), 1) && smallest[i] < float64(ev.Radii[len(ev.Radii)-1])/row.above {
					t.Errorf("%s, %s, image %d: still classified correctly", row.norm, attacks.Text(a), i)
				}
			}
		}
	}
}

// TestTemperature: where softmax saturates the cross-entropy has no gradient, but with
// a temperature it has.
func TestTemperature(t *testing.T) {
	l := mirroredLinear(3, 4, 4, 1)
	for k, w := range l.Weights {
		l.Bias[k] *= 1000
		for i := range w {
			w[i] *= 1000
		}
	}
	list := attacktest.Parse(t, "pgd(start=clean)", "pgd(start=clean,temperature=1000)")
	set := l.Labelled(4, 16, 0, 1)
	ev := attacktest.Evaluate(t, attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(attacks.Linf), list...), set, engine.Options{Attacks: list, Eps: []float32{.5}, Batch: 16, Exhaustive: true})
	if cold, warm := ev.MisclassifiedCount(0, .5), ev.MisclassifiedCount(1, .5); cold > warm/2 || warm != ev.CleanCorrect {
		t.Errorf("want all of %d images misclassified at temperature 1000, and few at 1; got %d and %d", ev.CleanCorrect, warm, cold)
	}
}

// TestMomentum: m = µ·m + g/|g|₁, by hand, also for gradients whose sum overflows or
// underflows in float32, and for zero.
func TestMomentum(t *testing.T) {
	for _, size := range []float32{1, 1e-38, 1e38} {
		o := &attacks.Oracle{Problem: attacks.Problem{Image: make([]float32, 2), Threat: attacktest.UnitBox(attacks.L2), Eps: 1}}
		ascent := (&MIFGSM{Steps: 4, Mu: .5}).ascent(o)
		for _, g := range [][4]float64{
			{3, -1, .75, -.25},
			{0, 2, .375, .875},
			{0, 0, .1875, .4375},
			{1, 1, .09375 + .5, .21875 + .5},
		} {
			got := []float32{float32(g[0]) * size, float32(g[1]) * size}
			ascent.direction(got, nil)
			length := math.Hypot(g[2], g[3])
			graphtest.Near(t, "direction", got, []float64{g[2] / length, g[3] / length}, 1e-6)
		}
		if ascent.alpha != .25 {
			t.Errorf("want steps of eps/4, got %g", ascent.alpha)
		}
	}
}

// TestPGDPlans: steps and step sizes are those of the libraries.
func TestPGDPlans(t *testing.T) {
	for _, row := range []struct {
		text  string
		norm  attacks.Norm
		steps int
		alpha float32
	}{
		{"pgd", attacks.Linf, 40, .01}, {"pgd", attacks.L2, 50, .0075}, {"pgd", attacks.L1, 50, .03},
		{"pgd(steps=7)", attacks.Linf, 7, .01}, {"pgd(alpha=2/255)", attacks.L2, 50, 2. / 255},
	} {
		ascent := attacktest.Parse(t, row.text)[0].(*PGD).ascent(&attacks.Oracle{Problem: attacks.Problem{Image: make([]float32, 3), Threat: attacktest.UnitBox(row.norm), Eps: .3}})
		if ascent.steps != row.steps || math.Abs(float64(ascent.alpha-row.alpha)) > 1e-8 {
			t.Errorf("%s in %s: want %d steps of %g, got %d of %g", row.text, row.norm, row.steps, row.alpha, ascent.steps, ascent.alpha)
		}
	}
}

// TestStopsAtSuccess: an attack ends at the first iterate that succeeds.
func TestStopsAtSuccess(t *testing.T) {
	for _, norm := range []attacks.Norm{attacks.Linf, attacks.L2} {
		list := attacktest.Parse(t, "bim(steps=50)", "pgd(steps=50)", "mifgsm(steps=50)", "apgd(steps=50)", "apgd-t(steps=50)")
		l := mirroredLinear(3, 4, 4, 1)
		ev := attacktest.Evaluate(t, attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(norm), list...), l.Labelled(4, 12, .3, .7), engine.Options{Attacks: list, Eps: []float32{.9}, Batch: 12, Exhaustive: true})
		for _, s := range ev.Attacks {
			for i, at := range s.Results {
				if at.Done && (at.Backward > 30 || at.Referee != 1 || at.Tried != "1") {
					t.Errorf("%s, %s, image %d: want an example after few of 50 steps, verified once; got %q after %d, verified %d times", norm, s.Attack, i, at.Tried, at.Backward, at.Referee)
				}
			}
		}
	}
}

// TestRandomStart: random starts are uniform in the ball, and PGD begins at one.
func TestRandomStart(t *testing.T) {
	for _, norm := range attacks.Threats {
		const n, eps = 4, .125
		o := &attacks.Oracle{Problem: attacks.Problem{Image: []float32{.5, .5, .5, .5}, Threat: attacktest.UnitBox(norm), Eps: eps, Rand: rand.New(rand.NewPCG(1, 2))}}
		var inner, up, quarter int
		const draws = 4000
		for range draws {
			x := o.RandomStart(eps)
			// Half of the volume lies within 2^(-1/n) of the radius.
			if d := norm.Distance(x, o.Image); d <= eps*math.Pow(.5, 1./n) {
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
		list := attacktest.Parse(t, "pgd(start=clean,steps=1,loss=margin)", "pgd(steps=1,restarts=2,loss=margin)")
		st := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 5), attacktest.UnitBox(norm), list...)
		ev := attacktest.Evaluate(t, st, attacktest.PredictedImages(t, st, 4), engine.Options{Attacks: list, Eps: []float32{.003}, Batch: 4, Exhaustive: true, LossCurves: 4})
		for i, at := range ev.Attacks[1].Results[:3] {
			clean := ev.Attacks[0].Results[i].LossCurve
			if len(at.LossCurve) != 2 || len(clean) != 1 || at.LossCurve[0] == at.LossCurve[1] || at.LossCurve[0] == clean[0] {
				t.Errorf("%s, image %d: want two starts besides the image, whose loss is %v, got losses of %v", norm, i, clean, at.LossCurve)
			}
		}
	}
}

// On a linear net every attack with a target reaches it.
func TestTargetReached(t *testing.T) {
	for _, norm := range attacks.Threats {
		var list []attacks.Attack
		for _, a := range attacktest.Parse(t, "fgsm(target=2)", "bim(target=2)", "rfgsm(target=2)", "pgd(target=2)", "mifgsm(target=2)", "apgd(target=2,steps=40)", "apgd-t(target=2,steps=40)") {
			if norm == attacks.L1 && attacks.About(a).Name == "bim" {
				continue // its steps change one value, which may be at the box
			}
			if norms := attacks.About(a).Norms; norms == nil || slices.Contains(norms, norm) {
				list = append(list, a)
			}
		}
		l := attacktest.NewLinear(6, 5, 5, 1, 5)
		eps := map[attacks.Norm]float32{attacks.Linf: .5, attacks.L2: 2.5, attacks.L1: 10}[norm]
		ev := attacktest.Evaluate(t, attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(norm), list...), l.Labelled(4, 12, .3, .7), engine.Options{Attacks: list, Eps: []float32{eps}, Batch: 12, Exhaustive: true})
		for _, s := range ev.Attacks {
			tried, reached := 0, 0
			for i, at := range s.Results {
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
			if s.Search == attacks.Bisection && reached < tried || tried == 0 {
				t.Errorf("%s, %s: reached in %d of %d", norm, s.Attack, reached, tried)
			}
		}
	}
}

// refusingModel is a model that verifies no claim.
type refusingModel struct {
	attacks.Model
	claimed []float32 // first value of each image claimed
}

func (m *refusingModel) RecordLoss(float32) {}

func (m *refusingModel) BeginStart() {}

func (m *refusingModel) Confirm(images ...[]float32) int {
	m.claimed = append(m.claimed, images[0][0])
	return -1
}

// TestRunOnSource: with a constant gradient the iterate moves by alpha each step; it
// is claimed every third step and after the last.
func TestRunOnSource(t *testing.T) {
	model := &refusingModel{}
	o := &attacks.Oracle{Problem: attacks.Problem{Image: []float32{0}, Threat: attacktest.UnitBox(attacks.Linf), Eps: 1}, Model: model}
	ascent := gradientAscent{steps: 7, alpha: .125, lossGradient: func([]float32) attacks.LossGradient {
		return attacks.LossGradient{Gradient: []float32{3}}
	}}
	if ascent.runClaiming(o, []float32{0}, 3) {
		t.Error("want no success where no claim is verified")
	}
	if want := []float32{.375, .75, .875}; !slices.Equal(model.claimed, want) {
		t.Errorf("want %v claimed, got %v", want, model.claimed)
	}
}

// TestStepSize: the default steps together cross the ball once and a quarter.
func TestStepSize(t *testing.T) {
	if got := stepSize(0, .5, 10); got != .125 {
		t.Errorf("want 10 default steps of .125 for eps .5, got %g", got)
	}
	if got := stepSize(.25, .5, 10); got != .25 {
		t.Errorf("want the given step size .25, got %g", got)
	}
}
