package checks

import (
	"testing"

	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// A network trained on the attack fails no check on few images, where one image
// decides: a loss that rises on one that is left, cross-entropy on 4 against
// margin on 5 of 5, one of 20 that Square alone finds.
func TestHonestNetOnFewImages(t *testing.T) {
	list := []string{"fgsm", "pgd(steps=100)", "square(queries=300)"}
	s := openModel(t, robustNet().victim(0), list...)
	for _, c := range []struct {
		draw uint64
		n    int
		ids  []string
	}{{1083, 5, []string{"C04"}}, {1084, 5, []string{"C05", "C06", "C11", "C17"}}, {1078, 20, []string{"C01", "C02", "C07", "C18", "C25"}}} {
		images := patterns(c.draw, c.n, .12)
		e, err := engine.NewEngine(s.Session, s.Session, engine.Options{Attacks: attacktest.Parse(t, list...), Batch: 64, Eps: []float32{.05, .1, .15}, LossCurves: c.n, Keep: c.n})
		if err != nil {
			t.Fatal(err)
		}
		ev, err := e.Run(t.Context(), images, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for id, r := range runChecks(t, Input{Reference: s.Session, Gradient: s.Session, Images: images, Evaluation: ev, Draws: 100, N: c.n, Seed: (c.draw - 77) % 1000}, c.ids...) {
			if r.Status == Fail {
				t.Errorf("draw %d, %d images: %s %s %s", c.draw, c.n, r.Status, id, r.Value)
			}
		}
	}
}
