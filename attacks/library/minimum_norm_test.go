package library

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
)

// TestKeepLargestChanges: the n largest changes stay.
func TestKeepLargestChanges(t *testing.T) {
	origin := []float32{.1, .2, .3, .4, .5, .6}
	moved := []float32{.1, .3, .1, .5, .9, .6}
	for n, want := range map[int][]float32{
		1: {.1, .2, .3, .4, .9, .6},
		2: {.1, .2, .1, .4, .9, .6},
		4: {.1, .3, .1, .5, .9, .6},
		6: moved,
	} {
		x := slices.Clone(moved)
		keepLargestChanges(x, origin, n, make([]float32, 6))
		if maxDifference(x, want) != 0 {
			t.Errorf("%d values: want %v, got %v", n, want, x)
		}
	}
	tied := []float32{1, 1, 1}
	if keepLargestChanges(tied, make([]float32, 3), 2, make([]float32, 3)); attacks.L0.Of(tied) != 2 {
		t.Errorf("of equal changes: want two kept, got %v", tied)
	}
}

// TestReachedSmallestRadius: FAB-T ends early after an example within the
// smallest radius, unless the smallest distance is wanted; the success at each
// radius is the same.
func TestReachedSmallestRadius(t *testing.T) {
	l := attacktest.NewLinear(3, 4, 4, 1, 6)
	list := attacktest.Parse(t, "fab(targets=5,steps=20)")
	st := attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(attacks.Linf), list...)
	set := l.Labelled(4, 8, .3, .7)
	var all []*attacks.Evaluation
	for _, exhaustive := range []bool{true, false} {
		all = append(all, attacktest.Evaluate(t, st, set, engine.Options{Attacks: list, Eps: []float32{.12, .4}, Batch: 8, Exhaustive: exhaustive}))
	}
	full, quick := all[0], all[1]
	ended := 0
	for i, a := range full.Attacks[0].Results {
		if b := quick.Attacks[0].Results[i]; full.Correct(i) {
			for _, eps := range []float32{.12, .4} {
				if full.Misclassified(0, i, eps) != quick.Misclassified(0, i, eps) {
					t.Errorf("image %d at %g: want the same success", i, eps)
				}
			}
			if b.Backward < a.Backward {
				ended++
			}
			if a.Backward != 100 {
				t.Errorf("image %d: want all 5 runs of 20 steps, got %d gradients", i, a.Backward)
			}
			if !full.Misclassified(0, i, .12) && b.Backward < a.Backward {
				t.Errorf("image %d is correct at the smallest radius: want all runs, got %d of %d gradients", i, b.Backward, a.Backward)
			}
		}
	}
	if ended == 0 {
		t.Error("want some images to end before the last run, got none")
	}
}

// claimRecorder is a model of one pixel that verifies every claim.
type claimRecorder struct {
	attacks.Model
	best    float64
	claimed []float32
}

func (m *claimRecorder) Confirm(images ...[]float32) int {
	m.claimed = append(m.claimed, images[0][0])
	m.best = min(m.best, float64(images[0][0]))
	return 0
}

func (m *claimRecorder) BestDistance() float64 { return m.best }

// TestNearestClaim: improvements below one percent wait, the nearest image is
// claimed in the end, and one that reaches another radius is claimed at once.
func TestNearestClaim(t *testing.T) {
	model := &claimRecorder{best: math.Inf(1)}
	o := &attacks.Oracle{Problem: attacks.Problem{
		Image: []float32{0}, Target: -1, Classes: 2, Threat: attacktest.UnitBox(attacks.Linf), Norm: attacks.Linf, Eps: float32(math.Inf(1)),
		Radii: []float32{.1, .799},
	}, Model: model}
	k := newNearestClaim(o)
	for _, x := range []float32{.9, .95, .896, .893, .894, .801, .7985, .7984, .7983} {
		k.offer([]float32{x})
	}
	k.flush()
	k.flush()
	if want := []float32{.9, .801, .7985, .7983}; !slices.Equal(model.claimed, want) {
		t.Errorf("want %v claimed, got %v", want, model.claimed)
	}
}

// TestRadius: FMN's radius is never above the closest success, and DDN's
// perturbation has the norm that it is scaled to.
func TestRadius(t *testing.T) {
	o := &attacks.Oracle{Problem: attacks.Problem{Image: []float32{0, 0}, Norm: attacks.L2, Threat: attacktest.UnitBox(attacks.L2)}}
	r := fmnRadius{o: o, size: 10, closest: 20, largest: 30}
	if r.adaptNorm(attacks.LossGradient{}, []float32{.6, .8}, true, .05); math.Abs(r.size-1) > 1e-6 {
		t.Errorf("after a success at 1: want radius 1, got %g", r.size)
	}
	if r.adaptNorm(attacks.LossGradient{}, []float32{.6, .7}, false, .05); math.Abs(r.size-1.05) > 1e-6 {
		t.Errorf("after a failure: want radius 1.05, got %g", r.size)
	}
	for _, size := range []float64{.5, 2} {
		x := []float32{.6, .8}
		if scaleToNorm(x, o.Image, size); math.Abs(o.Distance(x)-size) > 1e-6 {
			t.Errorf("want norm %g, got %g", size, o.Distance(x))
		}
	}
}

// TestFABStep compares one step with equations 9 and 10, by the slow projection.
func TestFABStep(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	f := attacktest.Parse(t, "fab")[0].(*FAB)
	for _, n := range attacks.Threats {
		for range 50 {
			clean, x, w := make([]float32, 12), make([]float32, 12), make([]float32, 12)
			for i := range clean {
				clean[i], w[i] = r.Float32(), float32(r.NormFloat64())
				x[i] = min(max(clean[i]+.2*float32(r.NormFloat64()), 0), 1)
			}
			run := newFabRun(f, &attacks.Oracle{Problem: attacks.Problem{Image: clean, Threat: attacktest.UnitBox(n), Norm: n}})
			copy(run.x, x)
			loss := float32(r.NormFloat64())
			run.step(attacks.LossGradient{Loss: loss, Gradient: w}, true)

			gain := -float64(loss)
			delta := projectOnHyperplaneSlowly(n, toFloat64(x), toFloat64(w), gain, 0, 1)
			cleanDelta := projectOnHyperplaneSlowly(n, toFloat64(clean), toFloat64(w), gain+vector.Dot(w, x)-vector.Dot(w, clean), 0, 1)
			a, b := float64(n.Of(toFloat32(delta))), float64(n.Of(toFloat32(cleanDelta)))
			alpha := min(a/(a+b), .1)
			for i := range x {
				want := (1-alpha)*(float64(x[i])+1.05*delta[i]) + alpha*(float64(clean[i])+1.05*cleanDelta[i])
				if want = min(max(want, 0), 1); math.Abs(float64(run.x[i])-want) > 1e-5 {
					t.Fatalf("%s, value %d: want %g, got %g", n, i, want, run.x[i])
				}
			}
		}
	}
}

func toFloat32(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

// TestMinimalTargets: with a target, an example has that class.
func TestMinimalTargets(t *testing.T) {
	l := attacktest.NewLinear(6, 4, 4, 1, 4)
	list := attacktest.Parse(t, "fab(target=least)", "deepfool(target=least)", "fmn(target=least)", "cw(search=4,steps=150,rate=.02,weight=1,target=least)")
	set := l.Labelled(2, 8, .3, .7)
	ev := attacktest.Evaluate(t, attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(attacks.L2), list...), set,
		engine.Options{Attacks: list, Eps: []float32{.5}, Batch: 8, Exhaustive: true})
	for _, s := range ev.Attacks {
		found := 0
		for i, at := range s.Results {
			if !ev.Correct(i) || math.IsInf(float64(at.Distance), 1) {
				continue
			}
			found++
			z := l.Logits(attacktest.Row(set.Pixels, i, 16))
			least := 0
			for k := range z {
				if z[k] < z[least] {
					least = k
				}
			}
			if at.Class != least || attacktest.Argmax64(l.Logits(at.Image)) != least {
				t.Errorf("%s, image %d: want class %d, got %d", s.Attack, i, least, at.Class)
			}
		}
		if found < ev.CleanCorrect {
			t.Errorf("%s: want all %d images at their target, got %d", s.Attack, ev.CleanCorrect, found)
		}
	}
}
