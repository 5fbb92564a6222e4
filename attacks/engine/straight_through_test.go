package engine_test

import (
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/graphs"
)

// rounded is v behind an image rounded to 16 levels, or with logits without a
// gradient for fine images.
func rounded(v attacks.Victim) attacks.Victim {
	round := func(s *graphs.Scope, x tf.Output) tf.Output {
		levels := op.Const(s.Op("levels"), float32(15))
		return op.Div(s.Op("shrink"), op.Round(s.Op("round"), op.Mul(s.Op("stretch"), x, levels)), levels)
	}
	logits, training := v.Logits, v.TrainingLoss
	v.Logits = func(s *graphs.Scope, x tf.Output) tf.Output { return logits(s, round(s, x)) }
	v.TrainingLoss = func(s *graphs.Scope, x, labels tf.Output) (loss, z tf.Output) {
		return training(s, round(s, x), labels)
	}
	return v
}

// Behind a rounded image, which has no gradient, attacks succeed with
// straight-through gradients as on the model itself, whatever the loss; with plain
// ones they stay at the image.
func TestStraightThroughGradients(t *testing.T) {
	l := attacktest.NewLinear(3, 4, 4, 1, 4)
	list := attacktest.Parse(t, "fgsm", "fgsm(gradient=straight-through)", "fgsm(loss=training,gradient=straight-through)", "apgd(steps=20,loss=margin)", "apgd(steps=20,loss=margin,gradient=straight-through)", "transfer(from=other,steps=5,gradient=straight-through)")
	open := func(v attacks.Victim) engine.Session {
		return attacktest.NewSession(t, v, attacktest.UnitBox(attacks.Linf), list...)
	}
	count := func(s engine.Session) []int {
		ev := attacktest.Evaluate(t, s, attacktest.PredictedImages(t, s, 32), engine.Options{Attacks: list, Eps: []float32{.2}, Batch: 16, Exhaustive: true})
		var out []int
		for a := range ev.Attacks {
			out = append(out, ev.MisclassifiedCount(a, .2))
		}
		return out
	}
	blocked := open(rounded(l.Victim()))
	if !blocked.Graph.Victim.StraightThroughDiffers || len(blocked.Graph.Replaced()) != 1 {
		t.Errorf("replaced %v, want Round alone", blocked.Graph.Replaced())
	}
	free := open(l.Victim())
	if free.Graph.Victim.StraightThroughDiffers {
		t.Errorf("a linear model: replaced %v, want nothing", free.Graph.Replaced())
	}
	got, want := count(blocked), count(free)
	t.Log(got, want)
	if got[0] != 0 {
		t.Errorf("fgsm along a plain gradient of zero succeeded on %d images", got[0])
	}
	for _, a := range []int{1, 2, 4} {
		if 10*got[a] < 9*want[a] || got[a] == 0 {
			t.Errorf("%s succeeded on %d images, on the model without rounding on %d", attacks.Text(list[a]), got[a], want[a])
		}
	}
	if want[0] != want[1] || !slices.Equal(want[3:4], want[4:5]) {
		t.Errorf("a model without such operations: successes %v, want both gradients alike", want)
	}
}
