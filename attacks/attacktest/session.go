package attacktest

import (
	"math"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/graphs"
)

// UnitBox is the threat in norm n for images in [0,1].
func UnitBox(n attacks.Norm) attacks.Threat { return attacks.Threat{Norm: n, Lo: 0, Hi: 1} }

// Parse reads attacks; a text that is none ends the test.
func Parse(t testing.TB, texts ...string) []attacks.Attack {
	t.Helper()
	var out []attacks.Attack
	for _, text := range texts {
		a, err := attacks.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

// NewSession opens a net on the CPU, with seed 1, that holds v and the gradients
// that the listed attacks follow. The net is closed when the test ends.
func NewSession(t testing.TB, v attacks.Victim, threat attacks.Threat, list ...attacks.Attack) engine.Session {
	t.Helper()
	var g *engine.AttackGraph
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		if g, err = engine.NewAttackGraph(b, v, threat); err != nil {
			return err
		}
		return g.Declare(list...)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return engine.Session{Graph: g, Net: net}
}

// Evaluate runs the attacks of o on images and keeps the smallest example of
// each. The session is reference and gradient model, and also the transfer
// source named other.
func Evaluate(t testing.TB, s engine.Session, images attacks.Images, o engine.Options) *attacks.Evaluation {
	t.Helper()
	o.Keep, o.Batch = images.Len(), max(o.Batch, 1)
	o.Sources = map[string]engine.Session{"other": s}
	e, err := engine.NewEngine(s, s, o)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := e.Run(t.Context(), images, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// DistancesDiffer reports whether two distances differ by more than the rounding
// of different batches explains: by more than 1e-4, relative to a or to .01.
func DistancesDiffer(a, b attacks.Distance) bool {
	return a != b && math.Abs(float64(a-b)) > 1e-4*max(1e-2, math.Abs(float64(a)))
}
