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

// leadVictim gives an image of one pixel x the logits 0, lead, -16, where lead is
// that of its batch of so many images.
func leadVictim(lead func(s *graphs.Scope, x, batch tf.Output) tf.Output) attacks.Victim {
	return attacks.Victim{H: 1, W: 1, C: 1, Classes: 3, Logits: func(s *graphs.Scope, x tf.Output) tf.Output {
		x = s.Flatten(x)
		batch := op.Cast(s.Op("float"), op.StridedSlice(s.Op("batch"), op.Shape(s.Op("shape"), x), op.Const(s.Op("from"), []int32{0}), op.Const(s.Op("to"), []int32{1}), op.Const(s.Op("step"), []int32{1}), op.StridedSliceShrinkAxisMask(1)), tf.Float)
		zero := op.Mul(s.Op("zero"), x, op.Const(s.Op("none"), float32(0)))
		low := op.Sub(s.Op("low"), zero, op.Const(s.Op("sixteen"), float32(16)))
		return op.ConcatV2(s.Op("all"), []tf.Output{zero, lead(s, x, batch), low}, op.Const(s.Op("axis"), int32(1)))
	}}
}

// A near-tie is verified by passes of other batches: it counts where all agree,
// and only there. A tie that stays one is an error of the model.
func TestNearTies(t *testing.T) {
	weighted := func(by float32) func(s *graphs.Scope, x, batch tf.Output) tf.Output {
		return func(s *graphs.Scope, x, _ tf.Output) tf.Output { // negative below .5
			return graphs.Weighted(s, by, op.Sub(s.Op("edge"), x, op.Const(s.Op("half"), float32(.5))))
		}
	}
	depending := func(s *graphs.Scope, x, batch tf.Output) tf.Output { // beyond .5 a success, but not in a batch of one
		alone := op.Sub(s.Op("others"), batch, op.Const(s.Op("many"), float32(1.5)))
		beyond := op.Minimum(s.Op("beyond"), op.Sub(s.Op("edge"), x, op.Const(s.Op("half"), float32(.5))), op.Mul(s.Op("times"), x, alone))
		return graphs.Weighted(s, 1e-5, beyond)
	}
	for _, c := range []struct {
		name    string
		lead    func(s *graphs.Scope, x, batch tf.Output) tf.Output
		claimed float32
		found   bool
		tied    bool
		referee int
	}{
		{"far", weighted(16), .75, true, false, 1},
		{"near", weighted(1e-4), .75, true, false, 5},
		{"a tie", weighted(16), .5, true, true, 5},
		{"on the wrong side", weighted(1e-4), .25, false, false, 1},
		{"only in large batches", depending, .75, false, false, 5},
	} {
		a := &scripted{do: func(o *attacks.Oracle) { o.Claim(pixel(c.claimed)) }}
		s := attacktest.NewSession(t, leadVictim(c.lead), attacktest.UnitBox(attacks.Linf), a)
		ev := attacktest.Evaluate(t, s, greyImages(.125, .125, .125), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{1}, Batch: 8})
		for i, r := range ev.Attacks[0].Results {
			if (r.Image != nil) != c.found || r.Tied != c.tied || r.Referee != c.referee || c.found && r.Class != 1 {
				t.Errorf("%s, image %d: found %v, class %d, tied %v, %d passes; want %v, tied %v, %d passes", c.name, i, r.Image != nil, r.Class, r.Tied, r.Referee, c.found, c.tied, c.referee)
			}
		}
		if got, want := ev.TiedCount(1) == 3, c.tied; got != want {
			t.Errorf("%s: %d images tied", c.name, ev.TiedCount(1))
		}
	}
}

// Without attack a tie is an error too, and is counted.
func TestCleanTies(t *testing.T) {
	a := &scripted{do: func(*attacks.Oracle) { t.Error("want no attack on an image that is an error already") }}
	v := leadVictim(func(s *graphs.Scope, x, _ tf.Output) tf.Output {
		return op.Mul(s.Op("none"), x, op.Const(s.Op("zero"), float32(0)))
	})
	ev := attacktest.Evaluate(t, attacktest.NewSession(t, v, attacktest.UnitBox(attacks.Linf), a), greyImages(.2, .4), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.1}, Batch: 8})
	if ev.CleanCorrect != 0 || ev.CleanTies != 2 || !slices.Equal(ev.Clean, []int32{1, 1}) {
		t.Errorf("%d correct, %d ties, classes %v: want no image correct, two ties, class 1", ev.CleanCorrect, ev.CleanTies, ev.Clean)
	}
}
