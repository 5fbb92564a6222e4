package report

import (
	"strings"
	"testing"

	"unwarp/trainer"
)

// The summary of a training and an evaluation both tell what is proven.
func TestVerifiedIsPrinted(t *testing.T) {
	v := &trainer.Verified{Method: "ibp", Eps: .3, Norm: "linf", Images: 1000, Accuracy: .925}
	var summary, evaluated strings.Builder
	Summary{Test: trainer.Evaluation{Verified: v}}.Print(&summary, 0)
	Evaluated{Evaluation: trainer.Evaluation{Verified: v}}.Print(&evaluated, 200)
	for _, text := range []string{summary.String(), evaluated.String()} {
		if want := "92.50 % of 1000 images (95 % interval 90.70 to 93.97): proven by ibp that no change up to 0.3 in linf alters their class"; !strings.Contains(text, want) {
			t.Errorf("want %q in %s", want, text)
		}
	}
}
