package progress

import (
	"math"
	"strings"
	"testing"

	"unwarp/trainer"
)

// The remark comes once, where the reconstruction drowns classes that are near chance, and
// names a lambda at which it would be half of them.
func TestLossWatch(t *testing.T) {
	chance := float32(math.Log(4))
	for name, c := range map[string]struct {
		lambda                         float32
		classification, reconstruction float32
		steps                          int
		want                           bool
	}{
		"drowned":               {1, 1.3, 15, 300, true},
		"drowned, short":        {1, 1.3, 15, 40, true},
		"learnt all the same":   {1, .2, 15, 300, false},
		"of little weight":      {.01, 1.3, 15, 300, false},
		"no reconstruction":     {0, 1.3, 0, 300, false},
		"hard, but not drowned": {1, chance, 3, 300, false},
	} {
		w := LossWatch{Lambda: c.lambda, Classes: 4, Branches: 1}
		var remarks []string
		for step := 1; step <= c.steps; step++ {
			at := trainer.Progress{Step: step, Steps: c.steps, Losses: trainer.Losses{Classification: c.classification, Reconstruction: c.reconstruction}}
			if text := w.step(at); text != "" {
				remarks = append(remarks, text)
			}
		}
		if (len(remarks) == 1) != c.want || len(remarks) > 1 {
			t.Errorf("%s: %q", name, remarks)
		}
		if c.want && !strings.HasSuffix(remarks[0], "to about 0.04") {
			t.Errorf("%s: %s", name, remarks[0])
		}
	}
}
