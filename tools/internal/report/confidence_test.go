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
		Points: []ProofPoint{newProofPoint(certify.Count{Size: .5, Proven: 1, Abstained: 1}, 2)},
	}}}
	var out bytes.Buffer
	f.printProofs(&out, 200)
	for _, part := range []string{"of the smoothed classifier (sigma=0.25)", "without answer", "These proofs are statistical: each proof holds with probability 99.9 %."} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("want %q in\n%s", part, out.String())
		}
	}
	if v := newVerdict(f, false); !strings.Contains(strings.Join(v.Sentences, " "), "all that is known is what is proven") {
		t.Errorf("got %q", v.Sentences)
	}
}
