package checks

import (
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// Each model whose decision a plain gradient does not describe fails a check.
func TestHiddenDecisions(t *testing.T) {
	inner := plainNet().victim(0)
	for _, h := range attacktest.HiddenDecisions(patterns(99, 60, .12)) {
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			s := openModel(t, h.Wrap(inner))
			in := Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(60), Eps: .12, N: 30}
			if len(s.Graph.Replaced()) == 0 {
				t.Error("no operation without a gradient was found")
			}
			expect(t, runChecks(t, in, "C39")["C39"], Fail)
		})
	}
}

// Models whose gradient describes their decision pass: with kinks, with a
// saturated output, whatever the norm.
func TestDescribedDecisions(t *testing.T) {
	victims := map[string]attacks.Victim{
		"PGD-trained": robustNet().victim(0), "plain": plainNet().victim(0), "two losses": plainNet().victim(20),
		"large logits": Saturated(plainNet().victim(0), 1e4), "small logits": Saturated(plainNet().victim(0), 1e-4), "smooth": attacktest.Smooth(side, side, 1, classes),
	}
	for name, v := range victims {
		for _, n := range []attacks.Norm{attacks.Linf, attacks.L2} {
			t.Run(name+" "+string(n), func(t *testing.T) {
				t.Parallel()
				s := openModelIn(t, n, v)
				all := runChecks(t, Input{Reference: s.Session, Gradient: s.Session, Images: s.images, Eps: .12, N: 20}, "C17", "C38", "C39")
				expect(t, all["C38"], Pass)
				expect(t, all["C39"], Pass)
			})
		}
	}
}

// Straight-through attacks find what plain ones miss; where the evaluation has
// some, C38 only warns.
func TestStraightThroughCheck(t *testing.T) {
	for _, h := range attacktest.HiddenDecisions(patterns(99, 60, .12)) {
		if h.Name != "vote on floors, against the gradient" {
			continue
		}
		const attack = "apgd(steps=10,gradient=straight-through)"
		s := openModel(t, h.Wrap(plainNet().victim(0)), attack)
		in := Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(60), Eps: .12, N: 20}
		r := runChecks(t, in, "C38")["C38"]
		expect(t, r, Fail)
		if len(r.Images) == 0 || !strings.Contains(r.Advice, "gradient=straight-through") {
			t.Errorf("images %v, advice %q: want the images and the attack to add", r.Images, r.Advice)
		}
		in.Evaluation = s.evaluate(t, 60, engine.Options{Eps: []float32{.12}}, attack)
		expect(t, runChecks(t, in, "C38")["C38"], Warn)
	}
}

// An attack on decisions finds examples well within the radius at which attacks
// along a masked gradient have failed; where these are sound it finds none.
func TestDecisionProbe(t *testing.T) {
	for _, c := range []struct {
		name   string
		victim attacks.Victim
		want   Status
	}{{"sound", plainNet().victim(0), Pass}, {"masked", Quantised(plainNet().victim(0), 64), Fail}} {
		s := openModel(t, c.victim, "pgd(steps=40,restarts=2)")
		in := Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(40), Eps: .2, N: 10}
		in.Evaluation = s.evaluate(t, 40, engine.Options{Eps: []float32{.12, .2}}, "pgd(steps=40,restarts=2)")
		r := runChecks(t, in, "C07")["C07"]
		expect(t, r, c.want)
		if !strings.Contains(r.Value, "hopskipjump") {
			t.Errorf("%s: value %q, want what the probe found", c.name, r.Value)
		}
	}
}
