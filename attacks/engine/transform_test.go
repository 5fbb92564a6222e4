package engine_test

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	_ "unwarp/attacks/library"
)

// TestForgedTransform: a journal's example that is not what its parameters say, or
// whose parameters are beyond the threat, is refuted, and the attempt made anew.
func TestForgedTransform(t *testing.T) {
	threat, err := attacks.ParseThreat("rotate+translate(60,2px)")
	if err != nil {
		t.Fatal(err)
	}
	list := attacktest.Parse(t, "grid(points=9,moves=5)")
	st := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 4), threat, list...)
	set := attacktest.PredictedImages(t, st, 8)
	e, err := engine.NewEngine(st, st, engine.Options{Attacks: list, Eps: []float32{.5, 1}, Batch: 4, Keep: 8})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := e.Run(t.Context(), set, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	results := whole.Attacks[0].Results
	image := slices.IndexFunc(results, func(r attacks.ImageResult) bool { return r.Found() })
	if image < 0 {
		t.Fatal("no example: the test tests nothing")
	}
	for name, c := range map[string]struct {
		change  func(r *attacks.ImageResult)
		refuted int
	}{
		"as it was":      {func(*attacks.ImageResult) {}, 0},
		"another angle":  {func(r *attacks.ImageResult) { r.Parameters[0] += .5 }, 1},
		"another image":  {func(r *attacks.ImageResult) { r.Image[3] += 1e-4 }, 1},
		"a smaller size": {func(r *attacks.ImageResult) { r.Distance, r.ThreatDistance = .01, .01 }, 1},
		"beyond":         {func(r *attacks.ImageResult) { r.Parameters[0] = 61 }, 1},
		"another's size": {func(r *attacks.ImageResult) { r.ThreatDistance /= 2 }, 1},
	} {
		path := filepath.Join(t.TempDir(), "journal")
		j, err := engine.OpenJournal(path, "this")
		if err != nil {
			t.Fatal(err)
		}
		forged := results[image]
		forged.Parameters, forged.Image = slices.Clone(forged.Parameters), slices.Clone(forged.Image)
		c.change(&forged)
		if err := j.Forge(0, image, forged); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if j, err = engine.OpenJournal(path, "this"); err != nil {
			t.Fatal(err)
		}
		got, err := e.Run(t.Context(), set, j, nil)
		j.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r := got.Attacks[0].Results[image]; got.Refuted != c.refuted || r.Distance != results[image].Distance {
			t.Errorf("%s: %d refuted, size %g; want %d and %g", name, got.Refuted, r.Distance, c.refuted, results[image].Distance)
		}
	}
}

// overreaching claims a change beyond the size that it was asked for, one with too
// few parameters, one that is no number, and an image that no parameters made.
type overreaching struct{ attacks.Common }

func (*overreaching) Losses(attacks.Victim) []attacks.Loss { return nil }

func (*overreaching) Run(o *attacks.Oracle) {
	for _, p := range [][]float64{{1.01 * float64(o.Eps)}, {-170}, {math.NaN()}, {1, 1}, nil} {
		o.ClaimTransform(attacks.Transform{Parameters: p})
	}
	o.ClaimTransform(attacks.Transform{Field: make([]float32, 2*len(o.Image))})
	o.Claim(make([]float32, len(o.Image)))
}

var _ = attacks.Register(attacks.Entry{Name: "test-overreaching", Title: "overreaching", Terms: []string{"rotate"}, UsualThreat: "rotate(170)", Search: attacks.Ascending, New: func() attacks.Attack { return new(overreaching) }})

// TestClaimsBeyondThreat: none of them counts, though the model errs on each.
func TestClaimsBeyondThreat(t *testing.T) {
	threat, err := attacks.ParseThreat("rotate(170)")
	if err != nil {
		t.Fatal(err)
	}
	list := attacktest.Parse(t, "test-overreaching")
	st := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 4), threat, list...)
	set := attacktest.PredictedImages(t, st, 6)
	ev := attacktest.Evaluate(t, st, set, engine.Options{Attacks: list, Eps: []float32{90, 140}, Batch: 4, Exhaustive: true})
	for i, r := range ev.Attacks[0].Results {
		if ev.Correct(i) && (r.Found() || r.Invalid != 14) {
			t.Errorf("image %d: found %v, %d claims refused; want none found and 14 refused", i, r.Found(), r.Invalid)
		}
	}
}
