package report

import (
	"testing"

	"unwarp/attacks/checks"
)

// Images that were not attacked to the end count as correct in the figure, and as
// misclassified at the lower end of its interval.
func TestIntervalOfOpenImages(t *testing.T) {
	whole, open := newPoint(.1, 9, 0, 20, 20), newPoint(.1, 9, 9, 20, 20)
	if open.Robust.Share != .45 || open.Robust.High != whole.Robust.High || open.Misclassified.Low != whole.Misclassified.Low {
		t.Errorf("want the figure and the other end as they were, got %+v", open)
	}
	if low, _ := checks.Wilson(0, 20); open.Robust.Low != low || !(whole.Robust.Low > .2) {
		t.Errorf("want an interval from %g, got %g; without open images from %g", low, open.Robust.Low, whole.Robust.Low)
	}
	if _, high := checks.Wilson(20, 20); open.Misclassified.High != high || open.Changed.High != high {
		t.Errorf("want up to %g misclassified, got %+v", high, open)
	}
}
