package library

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/graphs"
)

// withLogits is v with a function of its logits, and without its training loss
// and codes.
func withLogits(v attacks.Victim, after func(s *graphs.Scope, z tf.Output) tf.Output) attacks.Victim {
	inner := v.Logits
	v = v.LogitsAlone()
	v.Logits = func(s *graphs.Scope, x tf.Output) tf.Output { return after(s, inner(s, x)) }
	return v
}

func plusNumber(by float32) func(s *graphs.Scope, z tf.Output) tf.Output {
	return func(s *graphs.Scope, z tf.Output) tf.Output {
		return op.AddV2(s.Op("shift"), z, op.Const(s.Op("by"), by))
	}
}

func timesNumber(by float32) func(s *graphs.Scope, z tf.Output) tf.Output {
	return func(s *graphs.Scope, z tf.Output) tf.Output {
		return op.Mul(s.Op("scale"), z, op.Const(s.Op("by"), by))
	}
}

// evaluateEach evaluates each victim by the same attacks on the same images,
// those of the first.
func evaluateEach(t *testing.T, n attacks.Norm, eps []float32, rows []string, victims ...attacks.Victim) []*attacks.Evaluation {
	t.Helper()
	list := attacktest.Parse(t, rows...)
	var set attacks.Images
	var out []*attacks.Evaluation
	for i, v := range victims {
		s := attacktest.NewSession(t, v, attacktest.UnitBox(n), list...)
		if i == 0 {
			set = attacktest.PredictedImages(t, s, 8)
		}
		out = append(out, attacktest.Evaluate(t, s, set, engine.Options{Attacks: list, Eps: eps, Batch: 16, Exhaustive: true}))
	}
	return out
}

// A constant added to all logits hides nothing: every attack that does not follow
// the training loss finds what it finds on the model itself.
func TestShiftedLogits(t *testing.T) {
	t.Parallel()
	var rows []string
	for _, a := range attacksFor(t, attacks.Linf, 10) {
		if losses := a.Losses(attacks.Victim{Classes: 10}); len(losses) == 0 || !losses[0].IsCode() && losses[len(losses)-1] != attacks.Training {
			rows = append(rows, attacks.Text(a))
		}
	}
	v := attacktest.Smooth(6, 6, 1, 10)
	all := evaluateEach(t, attacks.Linf, []float32{.03, .1}, rows, withLogits(v, identityOf), withLogits(v, plusNumber(1e6)))
	compareEvaluations(t, all, 1e-4)
}

func identityOf(_ *graphs.Scope, z tf.Output) tf.Output { return z }

// A factor hides nothing from attacks on differences of logits and on the
// predicted class.
func TestScaledLogits(t *testing.T) {
	t.Parallel()
	rows := []string{
		"pgd(start=clean,steps=5,loss=margin,alpha=.05)", "apgd(steps=8,loss=dlr)", "apgd-t(steps=8,targets=3)", "deepfool", "deepfool(target=second)",
		"cw(search=4,steps=50,rate=.05,weight=.01)", "ead(search=4,steps=40,rate=.05,weight=.01)", "jsma", "ddn(steps=20,loss=margin)",
		"fmn(steps=20)", "fmn-l0(steps=20)", "fab(steps=10)", "fab(steps=10,targets=3)", "fab(steps=10,target=second)", "square(queries=40)",
		"spsa(steps=5,samples=20)", "boundary(steps=60)", "hopskipjump(steps=2,first=20,gamma=10)", "saltpepper(steps=30)",
	}
	v := attacktest.Smooth(6, 6, 1, 10)
	all := evaluateEach(t, attacks.Linf, []float32{.03, .1}, rows, v, withLogits(v, timesNumber(1e-6)), withLogits(v, timesNumber(1e6)))
	compareEvaluations(t, all, .02)
}

// Logits too small for a softmax to tell apart, or of a size that no training
// gives, hide nothing from attacks on the cross-entropy. The spread of each image
// is between 10 and 100, the unit.
func TestScaledCrossEntropy(t *testing.T) {
	t.Parallel()
	rows := []string{"fgsm", "rfgsm", "pgd(steps=6,restarts=2)", "apgd(steps=12)", "mifgsm(steps=5)", "ddn(steps=20)", "nes(queries=130,samples=20)", "localsearch(rounds=8)", "square(queries=20,loss=classification)"}
	v := attacktest.Smooth(6, 6, 1, 10)
	large := withLogits(v, timesNumber(2))
	all := evaluateEach(t, attacks.Linf, []float32{.03, .1}, rows, large, withLogits(v, timesNumber(2e-6)), withLogits(v, timesNumber(2e-12)), withLogits(v, timesNumber(2e6)))
	compareEvaluations(t, all, .02)
}

// compareEvaluations wants the same images misclassified by each attack as in the
// first evaluation, at the same distances but for a share within.
func compareEvaluations(t *testing.T, all []*attacks.Evaluation, within float64) {
	t.Helper()
	found := 0
	for a, want := range all[0].Attacks {
		for k, ev := range all[1:] {
			for i, r := range ev.Attacks[a].Results {
				w := want.Results[i]
				if w.Image != nil {
					found++
				}
				if (w.Image == nil) != (r.Image == nil) || w.Tried != r.Tried {
					t.Errorf("%s, model %d, image %d: tried %q, distance %g; want %q, %g", want.Attack, k+1, i, r.Tried, r.Distance, w.Tried, w.Distance)
				} else if d := math.Abs(float64(r.Distance - w.Distance)); w.Image != nil && d > within*max(.01, float64(w.Distance)) {
					t.Errorf("%s, model %d, image %d: distance %g, want %g", want.Attack, k+1, i, r.Distance, w.Distance)
				}
			}
		}
	}
	if found < len(all[0].Attacks)*len(all) {
		t.Errorf("found %d examples, too few to compare", found)
	}
}

// Where logits are clipped many are equal. What shares the largest logit with the
// label is an error, without attack and under attack. Clipping keeps the order of
// logits but for ties, so that each example of the plain model is one.
func TestTies(t *testing.T) {
	t.Parallel()
	clipped := func(s *graphs.Scope, z tf.Output) tf.Output {
		return op.ClipByValue(s.Op("clip"), z, op.Const(s.Op("lo"), float32(-1)), op.Const(s.Op("hi"), float32(.25)))
	}
	rows := []string{"pgd(start=clean,steps=5,loss=margin,alpha=.05)", "fab(steps=10)", "deepfool", "fmn(steps=20)", "boundary(steps=60)", "square(queries=40)"}
	v := attacktest.Smooth(6, 6, 1, 3)
	all := evaluateEach(t, attacks.Linf, []float32{.1, .3}, rows, v, withLogits(v, clipped))
	plain, ev := all[0], all[1]
	if ev.CleanTies == 0 || ev.CleanCorrect+ev.CleanTies > plain.CleanCorrect || ev.CleanCorrect == 0 {
		t.Fatalf("clipped: %d correct and %d tied of %d that were correct: want some of each", ev.CleanCorrect, ev.CleanTies, plain.CleanCorrect)
	}
	tied := 0
	reference := engine.NewBatchRunner(attacktest.NewSession(t, withLogits(v, clipped), attacktest.UnitBox(attacks.Linf)), 1)
	for a, attack := range ev.Attacks {
		for i, r := range attack.Results {
			if r.Image != nil && r.Class == int(ev.Labels[i]) {
				t.Errorf("%s, image %d: an example of its own class", attack.Attack, i)
			}
			if r.Tied {
				tied++
			}
			w := plain.Attacks[a].Results[i]
			if !ev.Correct(i) || w.Image == nil {
				continue
			}
			z, err := reference.Logits(w.Image)
			if err != nil {
				t.Fatal(err)
			}
			// Next to the boundary rounding decides, with a larger lead nothing else.
			if lead := attacks.Lead(z[0], int(ev.Labels[i])); lead < -1e-6 {
				t.Errorf("%s, image %d: an example of the plain model leads by %g with clipped logits", attack.Attack, i, lead)
			}
		}
	}
	if tied == 0 || ev.TiedCount(.3) > ev.CleanCorrect {
		t.Errorf("%d examples are ties, %d images are misclassified in ties alone", tied, ev.TiedCount(.3))
	}
}
