package checks

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

// completeAttacks satisfy C35 with little more work than it asks for. PGD has the
// restarts that find what Square does on an image at the edge of eps .1.
var completeAttacks = []string{
	"fgsm", "pgd(steps=100,restarts=20,alpha=.01)", "pgd(loss=margin)", "apgd-t", "square(queries=2000)", "hopskipjump(steps=6)", "uniform(draws=20)",
}

// A network trained on the attack passes: no check fails, and only the sample
// size and the number of noise draws warn.
func TestRobustNet(t *testing.T) {
	s := openModel(t, robustNet().victim(0), completeAttacks...)
	ev := s.evaluate(t, 200, engine.Options{Eps: []float32{.05, .1, .15}, LossCurves: 200, Keep: 200}, completeAttacks...)
	for _, eps := range ev.Radii {
		t.Logf("eps %g: %d of %d", eps, ev.RobustCount(eps), ev.CleanCorrect)
	}
	in := Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(200), Evaluation: ev, OtherThreats: []string{"rotate(30)"}, Draws: 1000, N: 100}
	all := runChecks(t, in)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		r := all[id]
		t.Logf("%s %s %s: %s [%s] %v", r.ID, r.Status, r.Title, r.Value, r.Advice, r.Images)
		if r.Status == Fail || r.Status == Warn && !strings.Contains("C08 C31", r.ID) {
			t.Errorf("%s", r.ID)
		}
	}
}

// Without a model and an evaluation every check but C26 is skipped, with a
// reason.
func TestSkips(t *testing.T) {
	for id, r := range runChecks(t, Input{}) {
		if id != "C26" && (r.Status != Skip || r.Value == "") {
			t.Errorf("%s: %s %q, want SKIP with a reason", id, r.Status, r.Value)
		}
	}
	// A gradient model whose graph has declared nothing.
	undeclared, err := openSession(plainNet().victim(0), attacks.Threat{Norm: attacks.Linf, Lo: 0, Hi: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer undeclared.Net.Close()
	for id, r := range runChecks(t, Input{Reference: undeclared, Gradient: undeclared, Images: patterns(3, 30, .12), Eps: .1}, "C04", "C05", "C10", "C11", "C20", "C21", "C22", "C24", "C29") {
		if r.Status != Skip || !strings.Contains(r.Value, "declared") {
			t.Errorf("%s: %s %q, want SKIP that names what was not declared", id, r.Status, r.Value)
		}
	}
	if _, err := Run(t.Context(), Input{Reference: undeclared, Images: patterns(3, 30, .12), Eps: .1}, nil); err == nil || !strings.Contains(err.Error(), "gradient model") {
		t.Errorf("error %v: want one about the missing gradient model", err)
	}
	if _, err := Run(t.Context(), Input{Reference: undeclared, Gradient: undeclared, Images: patterns(3, 30, .12)}, nil); err == nil || !strings.Contains(err.Error(), "eps") {
		t.Errorf("error %v: want one about the missing eps", err)
	}
}

func TestCancelled(t *testing.T) {
	s := openModel(t, plainNet().victim(0))
	for stop := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		_, err := Run(ctx, Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(60), Eps: .1, N: 20, Draws: 20}, func(p Progress) {
			if p.Done > p.Of {
				t.Errorf("done %d of %d", p.Done, p.Of)
			}
			if n++; n == 1+100*stop {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("stopped after %d messages: %v, want context.Canceled", 1+100*stop, err)
		}
	}
}

// A check that is cut short has no verdict, even the last.
func TestInterrupted(t *testing.T) {
	s := openModel(t, plainNet().victim(0))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in := Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(60), Eps: .1, N: 20, Only: []string{"C20"}, OnSurface: func(LossSurface) { cancel() }}
	if r, err := Run(ctx, in, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v: want context.Canceled", r, err)
	}
}
