package library

import (
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// TestCompany: what an attack with several starts, targets or candidates finds on
// an image is the same to the last bit alone and among others, and at other batch
// sizes the same but for rounding.
func TestCompany(t *testing.T) {
	list := attacktest.Parse(t, "pgd(steps=30,restarts=5)", "apgd(steps=25,restarts=3)", "apgd-t(steps=25)", "malt(steps=25,restarts=2)", "pma(restarts=3,steps=25)",
		"fab(steps=25,targets=9,restarts=2)", "square(queries=120,restarts=3)",
		"mixed(steps=25,restarts=3)")
	s := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 10), attacktest.UnitBox(attacks.Linf), list...)
	set := attacktest.PredictedImages(t, s, 9)
	o := engine.Options{Attacks: list, Eps: []float32{.02, .05}, Batch: 64, Exhaustive: true, Keep: 9, LossCurves: 9}
	want := attacktest.Evaluate(t, s, set, o)
	alone := attacktest.Evaluate(t, s, set, o)
	for i := range set.Len() {
		px := len(set.Pixels) / set.Len()
		one := attacks.Images{Pixels: set.Pixels[i*px : (i+1)*px], Labels: set.Labels[i : i+1], Index: set.Index[i : i+1]}
		o.Keep, o.LossCurves = 1, 1
		ev := attacktest.Evaluate(t, s, one, o)
		for a := range list {
			alone.Attacks[a].Results[i] = ev.Attacks[a].Results[0]
		}
	}
	for _, batch := range []int{1, 7} {
		o.Batch = batch
		compareEvaluations(t, []*attacks.Evaluation{want, attacktest.Evaluate(t, s, set, o)}, 1e-3)
	}
	compareToTheBit(t, want, alone)
}
