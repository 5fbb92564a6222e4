package attacks

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestKeepLargest: as many changes stay as the ball of L0 allows, the largest.
func TestKeepLargest(t *testing.T) {
	origin := []float32{.1, .2, .3, .4, .5, .6}
	moved := []float32{.1, .3, .1, .5, .9, .6}
	for n, want := range map[int][]float32{
		1: {.1, .2, .3, .4, .9, .6},
		2: {.1, .2, .1, .4, .9, .6},
		4: {.1, .3, .1, .5, .9, .6},
		6: moved,
	} {
		x := clone(moved)
		keepLargest(x, origin, n, make([]float32, 6))
		if goldenApart(x, want) != 0 {
			t.Errorf("%d values: want %v, got %v", n, want, x)
		}
	}
	tied := []float32{1, 1, 1}
	if keepLargest(tied, make([]float32, 3), 2, make([]float32, 3)); norm(L0, tied) != 2 {
		t.Errorf("of equal changes: want two kept, got %v", tied)
	}
}

// TestSettled: FAB-T ends its runs where nothing is left to break, unless the
// smallest distance is wanted; the verdict is the same.
func TestSettled(t *testing.T) {
	l := newLinear(3, 4, 4, 1, 6)
	list := parse(t, "fab(targets=5,steps=20)")
	st := newStage(t, l.victim(), box(Linf), list...)
	set := l.labelled(4, 8, .3, .7)
	var all []*Evaluation
	for _, exhaustive := range []bool{true, false} {
		all = append(all, evaluate(t, st, set, Options{Attacks: list, Eps: []float32{.12, .4}, Batch: 8, Exhaustive: exhaustive}))
	}
	full, quick := all[0], all[1]
	ended := 0
	for i, a := range full.Series[0].Attempts {
		if b := quick.Series[0].Attempts[i]; full.Right(i) {
			for _, eps := range []float32{.12, .4} {
				if full.Breaks(0, i, eps) != quick.Breaks(0, i, eps) {
					t.Errorf("image %d at %g: want the same verdict", i, eps)
				}
			}
			if b.Backward < a.Backward {
				ended++
			}
			if a.Backward != 100 {
				t.Errorf("image %d: want all 5 runs of 20 steps, got %d gradients", i, a.Backward)
			}
			if !full.Breaks(0, i, .12) && b.Backward < a.Backward {
				t.Errorf("image %d stands at the smallest radius: want all runs, got %d of %d gradients", i, b.Backward, a.Backward)
			}
		}
	}
	if ended == 0 {
		t.Error("want some images settled before the last run, got none")
	}
}

// TestClosest: gains below one percent wait, the smallest of all is shown in
// the end, and what breaks a further radius is shown at once.
func TestClosest(t *testing.T) {
	l := &lane{posted: make(chan struct{}, 1), reply: make(chan struct{}, 1)}
	var shown []float32
	go func() {
		for range l.posted {
			shown = append(shown, l.rows[0].Image[0])
			l.answers = []answer{{logits: []float32{0, 1}}}
			l.reply <- struct{}{}
		}
	}()
	defer close(l.posted)
	c := &Case{
		Image: []float32{0}, Target: -1, Classes: 2, Threat: box(Linf), Norm: Linf, Eps: float32(math.Inf(1)),
		Bound: math.Inf(1), Radii: []float32{.1, .799}, lane: l,
	}
	k := c.closest()
	for _, x := range []float32{.9, .95, .896, .893, .894, .801, .7985, .7984, .7983} {
		k.offer([]float32{x})
	}
	k.show()
	k.show()
	if want := []float32{.9, .801, .7985, .7983}; !slices.Equal(shown, want) {
		t.Errorf("want %v shown, got %v", want, shown)
	}
}

// TestClear: a lead that rounding can turn is none.
func TestClear(t *testing.T) {
	c := &Case{Label: 1, Target: -1}
	for lead, want := range map[float32]bool{-1: false, 0: false, 2e-4: false, 1e-2: true} {
		if got := c.clear([]float32{50 + lead, 50}); got != want {
			t.Errorf("lead %g of 50: want %v, got %v", lead, want, got)
		}
	}
}

// TestRadius: FMN's radius is never above the closest success, nor DDN's
// perturbation below the norm it is given.
func TestRadius(t *testing.T) {
	c := &Case{Image: []float32{0, 0}, Norm: L2, Threat: box(L2)}
	r := radius{c: c, size: 10, least: 20, worst: 30}
	if r.adapt(Slope{}, []float32{.6, .8}, true, .05); math.Abs(r.size-1) > 1e-6 {
		t.Errorf("after a success at 1: want radius 1, got %g", r.size)
	}
	if r.adapt(Slope{}, []float32{.6, .7}, false, .05); math.Abs(r.size-1.05) > 1e-6 {
		t.Errorf("after a failure: want radius 1.05, got %g", r.size)
	}
	for _, size := range []float64{.5, 2} {
		x := []float32{.6, .8}
		if stretch(x, c.Image, size); math.Abs(c.Distance(x)-size) > 1e-6 {
			t.Errorf("want norm %g, got %g", size, c.Distance(x))
		}
	}
}

// TestFABStep compares one step with equations 9 and 10, by the slow projection.
func TestFABStep(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	f := parse(t, "fab")[0].(*FAB)
	for _, n := range Threats {
		for range 50 {
			clean, x, w := make([]float32, 12), make([]float32, 12), make([]float32, 12)
			for i := range clean {
				clean[i], w[i] = r.Float32(), float32(r.NormFloat64())
				x[i] = min(max(clean[i]+.2*float32(r.NormFloat64()), 0), 1)
			}
			run := newFabRun(f, &Case{Image: clean, Threat: box(n), Norm: n})
			copy(run.x, x)
			loss := float32(r.NormFloat64())
			run.step(Slope{Loss: loss, Gradient: w}, true)

			gain := -float64(loss)
			near := crossSlowly(n, wide(x), wide(w), gain, 0, 1)
			far := crossSlowly(n, wide(clean), wide(w), gain+dot(w, x)-dot(w, clean), 0, 1)
			a, b := float64(norm(n, narrow(near))), float64(norm(n, narrow(far)))
			alpha := min(a/(a+b), .1)
			for i := range x {
				want := (1-alpha)*(float64(x[i])+1.05*near[i]) + alpha*(float64(clean[i])+1.05*far[i])
				if want = min(max(want, 0), 1); math.Abs(float64(run.x[i])-want) > 1e-5 {
					t.Fatalf("%s, value %d: want %g, got %g", n, i, want, run.x[i])
				}
			}
		}
	}
}

func narrow(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

// TestMinimalTargets: towards a target, an example is of that class.
func TestMinimalTargets(t *testing.T) {
	l := newLinear(6, 4, 4, 1, 4)
	list := parse(t, "fab(target=least)", "deepfool(target=least)", "fmn(target=least)", "cw(search=4,steps=150,rate=.02,weight=1,target=least)")
	set := l.labelled(2, 8, .3, .7)
	ev := evaluate(t, newStage(t, l.victim(), box(L2), list...), set,
		Options{Attacks: list, Eps: []float32{.5}, Batch: 8, Exhaustive: true})
	for _, s := range ev.Series {
		found := 0
		for i, at := range s.Attempts {
			if !ev.Right(i) || math.IsInf(float64(at.Distance), 1) {
				continue
			}
			found++
			z := l.logits(image(set.Pixels, i, 16))
			least := 0
			for k := range z {
				if z[k] < z[least] {
					least = k
				}
			}
			if at.Class != least || largest(l.logits(at.Image)) != least {
				t.Errorf("%s, image %d: want class %d, got %d", s.Attack, i, least, at.Class)
			}
		}
		if found < ev.CleanRight {
			t.Errorf("%s: want all %d images at their target, got %d", s.Attack, ev.CleanRight, found)
		}
	}
}
