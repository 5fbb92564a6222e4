package report

import (
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
)

// TestAsked: the headline is at a size that was asked for, whatever attacks and
// earlier proofs have beside it.
func TestAsked(t *testing.T) {
	r := four()
	if k := Summarise(&r).headline(); r.Evaluation.Radii[k] != .1 {
		t.Errorf("want the middle radius, got place %d", k)
	}
	for _, asked := range []float32{.05, .1, .2} {
		r.Asked = []float32{asked}
		f := Summarise(&r)
		if got := f.Worst[f.headline()].Eps; got != asked {
			t.Errorf("asked for %g: the headline is at %g", asked, got)
		}
	}
	p := tenImages()
	c := &p.Certificates[0]
	c.Sizes = []float32{.01, .1}
	for i := range 5 {
		c.Images[i].Proven = max(c.Images[i].Proven, .01)
	}
	for i := range p.Evaluation.Attacks[0].Results {
		p.Evaluation.Attacks[0].Results[i].ThreatDistance = attacks.NoDistance
	}
	for want, asked := range map[string][]float32{"eps 0.1 ": {.1}, "eps 0.01 ": {.01}} {
		p.Asked = asked
		if got := Summarise(&p); !strings.Contains(got.Certificates[0].Headline, want) || !slices.Contains(asked, got.Certificates[0].At) {
			t.Errorf("asked for %v: %s", asked, got.Certificates[0].Headline)
		}
	}
}
