package pipelines

import "testing"

// TestDidYouMean: only a name that resembles the given one is suggested.
func TestDidYouMean(t *testing.T) {
	known := []string{"run", "images", "batch", "train.duration"}
	for name, want := range map[string]string{
		"rnu": ": did you mean run?", "image": ": did you mean images?", "batch_size": ": did you mean batch?", "Batch": ": did you mean batch?",
		"x": "", "": "", "zzzzzzzzzz": "", "qqqq": "",
	} {
		if got := DidYouMean(name, known, "%s"); got != want {
			t.Errorf("%q: want %q, got %q", name, want, got)
		}
	}
	if got := DidYouMean("x", nil, "%s"); got != "" {
		t.Errorf("nothing is known: got %q", got)
	}
}
