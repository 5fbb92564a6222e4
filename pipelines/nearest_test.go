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

// TestEditDistance compares with distances counted by hand.
func TestEditDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"", "abc"}: 3, {"abc", ""}: 3, {"kitten", "sitting"}: 3, {"pdg", "pgd"}: 1, {"pdg", "pgdd"}: 2,
		{"ca", "abc"}: 3, {"ab", "ba"}: 1, {"abcd", "badc"}: 2, {"trian", "train"}: 1, {"model.kidn", "model.kind"}: 1,
	} {
		if got := editDistance(pair[0], pair[1]); got != want {
			t.Errorf("%q, %q: want %d, got %d", pair[0], pair[1], want, got)
		}
	}
	if got := DidYouMean("pdg", []string{"fgsm", "bim", "pgdd", "pgd"}, "%s"); got != ": did you mean pgd?" {
		t.Errorf("got %q", got)
	}
}
