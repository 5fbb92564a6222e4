package checks

import (
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

// One example is altered in each way that the check must notice.
func TestStoredExamples(t *testing.T) {
	s := openModel(t, plainNet().victim(0), "fgsm", "pgd")
	check := func(edit func(at *attacks.ImageResult), want Status) {
		t.Helper()
		ev := s.evaluate(t, 60, engine.Options{Eps: []float32{.15}, Exhaustive: true, Keep: 60}, "fgsm", "pgd")
		i := slices.IndexFunc(ev.Attacks[1].Results, func(a attacks.ImageResult) bool { return a.Image != nil })
		edit(&ev.Attacks[1].Results[i])
		r := runChecks(t, Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(60), Evaluation: ev, N: 20}, "C15")["C15"]
		expect(t, r, want)
		if want == Fail && !slices.Equal(r.Images, []int{ev.Index[i]}) {
			t.Errorf("images %v, want %d", r.Images, ev.Index[i])
		}
	}
	check(func(*attacks.ImageResult) {}, Pass)
	check(func(at *attacks.ImageResult) { at.Image[3] = 1 }, Fail) // outside the ball
	check(func(at *attacks.ImageResult) { at.Image[0] = float32(math.NaN()) }, Fail)
	check(func(at *attacks.ImageResult) { at.ThreatDistance = .01 }, Fail)
	check(func(at *attacks.ImageResult) { at.ThreatDistance, at.Image[0] = 2, -.01 }, Fail) // outside the box alone
	check(func(at *attacks.ImageResult) { at.Class = (at.Class + 1) % classes }, Fail)
	check(func(at *attacks.ImageResult) { at.Invalid = 3 }, Warn)
}
