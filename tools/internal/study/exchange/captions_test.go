package exchange

import (
	"testing"

	"unwarp/tools/internal/drawing"
)

// TestCaptionClasses: classes whose names the font lacks go by their numbers in a
// picture, everywhere in it.
func TestCaptionClasses(t *testing.T) {
	side := drawing.Side{Class: "数字", SeenCanonical: "oak", SeenReconstruction: "数字", SeenSwapped: "7"}
	r := Result{Drawn: []drawing.Pair{{side, side}}, Interpolations: []drawing.Interpolation{{From: side, To: side, Paths: []drawing.Path{{Seen: []string{"oak", "数字"}}}}}}
	r.captionClasses([]string{"oak", "数字"})
	for _, got := range []drawing.Side{r.Drawn[0][0], r.Drawn[0][1], r.Interpolations[0].From, r.Interpolations[0].To} {
		if got.Class != "1" || got.SeenCanonical != "oak" || got.SeenReconstruction != "1" || got.SeenSwapped != "7" {
			t.Errorf("got %+v", got)
		}
	}
	if seen := r.Interpolations[0].Paths[0].Seen; seen[0] != "oak" || seen[1] != "1" {
		t.Errorf("got %q", seen)
	}
}
