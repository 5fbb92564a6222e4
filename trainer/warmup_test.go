package trainer

import (
	"strings"
	"testing"

	"unwarp/pipelines"
)

// TestWarmupBeyondRun: a warm-up that is longer than the training is refused: its
// rate would never be reached.
func TestWarmupBeyondRun(t *testing.T) {
	c := DefaultConfig()
	c.Batch, c.Duration = 4, mustDuration(t, "6st")
	src, err := pipelines.NewGlyphs(1, "train", 40, 12)
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{"0st": true, "6st": true, "100%": true, "7st": false, "1ep": false} {
		c.Schedule.Warmup = mustDuration(t, text)
		_, err := c.cadence(src)
		if ok != (err == nil) || !ok && (!strings.Contains(err.Error(), "train.schedule.warmup") || !strings.Contains(err.Error(), "6 steps")) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
