package checks

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"unwarp/attacks"
)

// battery is an evaluation that satisfies C35, with little work.
var battery = []string{
	"fgsm", "pgd(steps=100,restarts=3,alpha=.01)", "pgd(loss=margin)", "apgd-t", "square(queries=300)", "hopskipjump(steps=3)", "spatial(angles=5,moves=3)", "uniform(draws=20)",
}

// An honest network, trained on the attack, passes: no check fails, and only
// the size of the sample and of the noise baseline warn.
func TestHonest(t *testing.T) {
	start := time.Now()
	s := open(t, honest().victim(0), battery...)
	t.Log("trained", time.Since(start))
	ev := s.evaluate(t, 200, attacks.Options{Eps: []float32{.05, .1, .15}, Traces: 200, Keep: 200}, battery...)
	t.Log("evaluated", time.Since(start))
	for _, eps := range ev.Radii {
		t.Logf("eps %g: %d of %d", eps, ev.Left(eps), ev.CleanRight)
	}
	var in = Input{Judge: s.Stage, Guide: s.Stage, Set: s.some(200), Evaluation: ev, Draws: 1000, N: 100}
	all := examine(t, in)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		r := all[id]
		t.Logf("%s %s %s: %s [%s] %v", r.ID, r.Status, r.Title, r.Value, r.Advice, r.Images)
		if r.Status == Fail || r.Status == Warn && !strings.Contains("C08 C31", r.ID) {
			t.Errorf("%s", r.ID)
		}
	}
	t.Log("checked", time.Since(start))
}
