package progress

import (
	"strings"
	"testing"

	"unwarp/trainer"
)

// A remark comes once, where most steps have equal embeddings, even if some do not; a
// short time without a difference is none.
func TestEmbeddingWatch(t *testing.T) {
	for name, c := range map[string]struct {
		spread func(step int) float32
		want   int // the step of the remark, 0 for none
	}{
		"healthy":        {func(int) float32 { return .3 }, 0},
		"dead":           {func(int) float32 { return 0 }, 20},
		"one in four up": {func(step int) float32 { return .06 * float32((step%4)/3) }, 38}, // 28 or 29 down, 9 up
		"passes through": {func(step int) float32 { return float32(step / 15) }, 0},
		"one in two":     {func(step int) float32 { return .06 * float32(step%2) }, 0},
	} {
		var w embeddingWatch
		got := 0
		for step := 1; step <= 200; step++ {
			text := w.step(trainer.Progress{Step: step, Losses: trainer.Losses{EmbeddingSpread: c.spread(step)}})
			switch {
			case text == "":
			case got > 0 || !strings.Contains(text, "nearly the same embedding"):
				t.Errorf("%s: step %d: %q", name, step, text)
			default:
				got = step
			}
		}
		if got != c.want {
			t.Errorf("%s: want a remark at step %d, got it at %d", name, c.want, got)
		}
	}
}
