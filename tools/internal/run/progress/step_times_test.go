package progress

import (
	"testing"
	"time"

	"unwarp/trainer"
)

// After 20 steps since the start or since it was resumed a training says once what is left; a short one says nothing.
func TestStepTimes(t *testing.T) {
	said := func(from, steps int, each time.Duration) (texts []string, at int) {
		var s stepTimes
		now := time.Unix(0, 0).Add(time.Hour) // the first step takes long
		for step := from + 1; step <= min(steps, from+50); step++ {
			if text := s.step(trainer.Progress{Step: step, Steps: steps}, now); text != "" {
				texts, at = append(texts, text), step
			}
			now = now.Add(each)
		}
		return texts, at
	}
	const want = "about 16m20s of training left, at 1s a step"
	if texts, at := said(0, 1000, time.Second); len(texts) != 1 || texts[0] != want || at != 20 {
		t.Errorf("want %q after 20 steps, got %q after %d", want, texts, at)
	}
	if texts, at := said(500, 1500, time.Second); len(texts) != 1 || texts[0] != want || at != 520 {
		t.Errorf("resumed: want %q after 520 steps, got %q after %d", want, texts, at)
	}
	for _, steps := range []int{19, 79} {
		if texts, _ := said(0, steps, time.Second); texts != nil {
			t.Errorf("%d steps: %q", steps, texts)
		}
	}
}
