package checks

import (
	"testing"

	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
)

func TestRounding(t *testing.T) {
	s := openModel(t, plainNet().victim(0), "fgsm")
	ev := s.evaluate(t, 100, engine.Options{Eps: []float32{.3}, Keep: 100}, "fgsm")
	in := Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(100), Evaluation: ev, N: 20}
	expect(t, runChecks(t, in, "C16")["C16"], Pass)
	// The same, moved back to just beyond the boundary.
	px := side * side
	runner := engine.NewBatchRunner(s.Session, 64)
	for i := range ev.Attacks[0].Results {
		at, clean := &ev.Attacks[0].Results[i], s.images.Pixels[i*px:(i+1)*px]
		if at.Image == nil {
			continue
		}
		out, lo, hi := at.Image, float32(0), float32(1)
		for range 20 {
			mid := (lo + hi) / 2
			y := make([]float32, px)
			for k := range y {
				y[k] = clean[k] + mid*(out[k]-clean[k])
			}
			z, err := runner.Logits(y)
			if err != nil {
				t.Fatal(err)
			}
			if vector.Argmax(z[0]) == int(s.images.Labels[i]) {
				lo = mid
			} else {
				hi, at.Image = mid, y
			}
		}
	}
	r := runChecks(t, in, "C16")["C16"]
	expect(t, r, Warn)
	if len(r.Images) == 0 {
		t.Error("no images are named")
	}
}
