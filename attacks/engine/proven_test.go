package engine_test

import (
	"slices"
	"sync"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// At radii within which an image is proven no attack runs, but for exhaustive
// evaluations and attacks whose changes no radius bounds.
func TestProvenRadiiAreSkipped(t *testing.T) {
	var seen [][2]float32
	var one sync.Mutex
	watch := func(c *attacks.Oracle) {
		one.Lock()
		seen = append(seen, [2]float32{c.Image[0], c.Eps})
		one.Unlock() // before the engine is asked, which waits for all attacks
		c.Claim(pixel(c.Image[0] + c.Eps))
	}
	a := &scripted{do: watch}
	st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
	images := greyImages(.05, .35, .15)
	run := func(o engine.Options, proven []float32) *attacks.Evaluation {
		t.Helper()
		seen = nil
		o.Attacks, o.Batch = []attacks.Attack{a}, 4
		e, err := engine.NewEngine(st, st, o)
		if err != nil {
			t.Fatal(err)
		}
		e.SkipProven(proven)
		ev, err := e.Run(t.Context(), images, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(seen, func(a, b [2]float32) int { return slices.Compare(a[:], b[:]) })
		return ev
	}
	ev := run(engine.Options{Eps: []float32{.1, .2}}, []float32{.2, .1, 0})
	if want := [][2]float32{{.15, .2}, {.35, .2}}; !slices.Equal(seen, want) {
		t.Errorf("searched %v, want %v", seen, want)
	}
	if r := ev.Runs(0); r != (attacks.Runs{Of: 3, Made: 2, NotNeeded: 1}) || ev.Attacks[0].Results[1].Tried != ".1" || ev.RobustCount(.2) != 2 {
		t.Errorf("runs %+v, %+v", r, ev.Attacks[0].Results)
	}
	if n := len(run(engine.Options{Eps: []float32{.1, .2}, Exhaustive: true}, []float32{.2, .1, 0}).Attacks[0].Results); n != 3 || len(seen) != 6 {
		t.Errorf("exhaustive: searched %v", seen)
	}
	// A budget that ends before the proven image has its turn leaves it decided.
	a.do = func(c *attacks.Oracle) { c.Logits(c.Image); c.Logits(c.Image) }
	o := engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.1}, Batch: 1, Passes: 1}
	e, err := engine.NewEngine(st, st, o)
	if err != nil {
		t.Fatal(err)
	}
	e.SkipProven([]float32{0, 0, .1})
	ev, err = e.Run(t.Context(), images, nil, nil)
	if err != nil || ev.Stopped == "" || ev.Runs(0) != (attacks.Runs{Of: 3, NotNeeded: 1, Open: 2}) || ev.OpenCount(.1, 0) != 2 {
		t.Errorf("%v, stopped %q, runs %+v, open %d", err, ev.Stopped, ev.Runs(0), ev.OpenCount(.1, 0))
	}
	e, err = engine.NewEngine(st, st, engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.1}, Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	e.SkipProven([]float32{.1})
	if _, err := e.Run(t.Context(), images, nil, nil); err == nil {
		t.Error("want an error for a proof of one image of three")
	}
}
