package engine_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// TestForgedJournal: a result that the evaluation cannot have had ends it, though
// its checksum is right. A stored example that does not hold is not believed.
func TestForgedJournal(t *testing.T) {
	list := attacktest.Parse(t, "fgsm")
	st := attacktest.NewSession(t, attacktest.Smooth(4, 4, 1, 3), attacktest.UnitBox(attacks.Linf), list...)
	set := attacktest.PredictedImages(t, st, 4)
	e, err := engine.NewEngine(st, st, engine.Options{Attacks: list, Eps: []float32{.01, .5}, Batch: 4, Keep: 2})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := e.Run(t.Context(), set, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	other := (int(set.Labels[0]) + 1) % 3
	run := func(image int, change func(r *attacks.ImageResult)) (*attacks.Evaluation, error) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "journal")
		j, err := engine.OpenJournal(path, "this")
		if err != nil {
			t.Fatal(err)
		}
		r := attacks.ImageResult{Done: true, Distance: .4, ThreatDistance: .4, Class: other, Tried: ".1"}
		change(&r)
		if err := j.Forge(0, image, r); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if j, err = engine.OpenJournal(path, "this"); err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		return e.Run(t.Context(), set, j, nil)
	}
	for name, change := range map[string]func(r *attacks.ImageResult){
		"class":      func(r *attacks.ImageResult) { r.Class = 3 },
		"label":      func(r *attacks.ImageResult) { r.Class = int(set.Labels[0]) },
		"no class":   func(r *attacks.ImageResult) { r.Class = -1 },
		"distance":   func(r *attacks.ImageResult) { r.Distance = -.1 },
		"none":       func(r *attacks.ImageResult) { r.ThreatDistance = attacks.NoDistance },
		"not done":   func(r *attacks.ImageResult) { r.Done = false },
		"queries":    func(r *attacks.ImageResult) { r.Queries = 5 },
		"cost":       func(r *attacks.ImageResult) { r.Forward = -1 },
		"overflow":   func(r *attacks.ImageResult) { r.Referee = math.MinInt },
		"marks":      func(r *attacks.ImageResult) { r.Tried = "1" },
		"mark":       func(r *attacks.ImageResult) { r.Tried = ".2" },
		"success":    func(r *attacks.ImageResult) { r.Distance, r.ThreatDistance = attacks.NoDistance, attacks.NoDistance },
		"skipped":    func(r *attacks.ImageResult) { r.Skipped = true },
		"losses":     func(r *attacks.ImageResult) { r.LossCurve = []float32{1} },
		"image size": func(r *attacks.ImageResult) { r.Image = []float32{1} },
	} {
		if _, err := run(0, change); err == nil || !strings.Contains(err.Error(), "line 2: want") || !strings.Contains(err.Error(), "--restart") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := run(4, func(*attacks.ImageResult) {}); err == nil || !strings.Contains(err.Error(), "got 0 on 4") {
		t.Errorf("an image that there is not: got %v", err)
	}
	clean := set.Pixels[:16]
	moved := append([]float32{}, clean...)
	moved[0] = 1 - moved[0]
	for name, change := range map[string]func(r *attacks.ImageResult){
		"the clean image":      func(r *attacks.ImageResult) { r.Image, r.Distance, r.ThreatDistance = clean, 0, 0 },
		"another distance":     func(r *attacks.ImageResult) { r.Image = moved },
		"an image off the box": func(r *attacks.ImageResult) { r.Image = append([]float32{7}, clean[1:]...) },
	} {
		ev, err := run(0, change)
		if err != nil || ev.Refuted != 1 || ev.ResumedCount() != 0 {
			t.Fatalf("%s: %v, refuted %d", name, err, ev.Refuted)
		}
		if got, want := ev.Attacks[0].Results[0], whole.Attacks[0].Results[0]; got.ThreatDistance != want.ThreatDistance || got.Class != want.Class {
			t.Errorf("%s: believed: got %g, class %d; the attack finds %g, class %d", name, got.ThreatDistance, got.Class, want.ThreatDistance, want.Class)
		}
	}
	if ev, err := run(2, func(r *attacks.ImageResult) { r.Class = (int(set.Labels[2]) + 1) % 3 }); err != nil || !ev.Attacks[0].Results[2].Resumed || ev.ResumedCount() != 1 {
		t.Errorf("a result without a stored example: %v, want it marked", err)
	}
}
