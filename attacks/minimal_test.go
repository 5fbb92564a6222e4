package attacks

import (
	"math"
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

// TestFewClaims: what gains a little at each step does not ask the referee at
// each step, and ends no farther than it has been.
func TestFewClaims(t *testing.T) {
	l := seesaw(2, 4, 6, 1)
	list := parse(t, "cw(search=1,steps=300,weight=10,abort=no)")
	set := l.labelled(1, 8, .3, .7)
	ev := evaluate(t, newStage(t, l.victim(), box(L2), list...), set,
		Options{Attacks: list, Eps: []float32{.5}, Batch: 8, Exhaustive: true})
	for i, at := range ev.Series[0].Attempts {
		if ev.Right(i) && (at.Referee < 1 || at.Referee > at.Forward/3 || math.IsInf(float64(at.Distance), 1)) {
			t.Errorf("image %d: want an example and few claims for %d steps, got %d, distance %g", i, at.Forward, at.Referee, at.Distance)
		}
	}
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
