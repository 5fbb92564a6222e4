package report

import (
	"bytes"
	"strings"
	"testing"

	"unwarp/attacks/certify"
)

// Statistical proofs say of what model they are and how surely they hold, and a
// report without attacks does not say that nothing is known.
func TestStatisticalProofs(t *testing.T) {
	f := SummaryData{Images: 2, Norm: "l2", Certificates: []CertificateSummary{{
		Threat: "l2", Method: "smooth(sigma=0.25)", Proves: "the smoothed classifier (sigma=0.25)", Confidence: "each proof holds with probability 99.9 %",
		Points: []ProofPoint{newProofPoint(certify.Count{Size: .5, Proven: 1, Abstained: 1}, 2)}, At: .5, Headline: "Between 50.0 and 100.0 % stay right.",
	}}}
	var out bytes.Buffer
	f.printProofs(&out, 200)
	for _, part := range []string{"of the smoothed classifier (sigma=0.25)", "without answer", "These proofs are statistical: each proof holds with probability 99.9 %."} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("want %q in\n%s", part, out.String())
		}
	}
	v := newVerdict(f, false)
	for _, part := range []string{"What is proven is of the smoothed classifier (sigma=0.25), not of the model alone.", "Between 50.0 and 100.0 % stay right."} {
		if !strings.Contains(strings.Join(v.Sentences, " "), part) {
			t.Errorf("want %q, got %q", part, v.Sentences)
		}
	}
	if !strings.Contains(v.Trust, "These proofs are statistical") || v.Level == Worthless {
		t.Errorf("want a verdict that is statistical, got %s, %q", v.Level, v.Trust)
	}
}
