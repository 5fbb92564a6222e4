package report

import (
	"bytes"
	"strings"
	"testing"
)

// Proofs name those who made them: methods whose proofs were taken over, and which
// prover proved how many images. What the proofs alone broke is said beside attacks.
func TestProversAreNamed(t *testing.T) {
	r := decided()
	c := &r.Certificates[0]
	c.Method, c.Earlier = "ibp", []string{"branch-and-bound(seconds=4,domains=100000,split_steps=10,split_rate=0.05)"}
	for i := range c.Images {
		if c.Images[i].Method = "ibp"; i < 7 {
			c.Images[i].Method = "branch-and-bound(seconds=4)"
		}
	}
	var b bytes.Buffer
	f := Summarise(&r)
	f.Print(&b, 200)
	for _, want := range []string{
		"proofs by ibp, with earlier proofs by branch-and-bound(seconds=4,domains=100000,…), % of",
		"Images of which each proved the largest size: ibp 963, branch-and-bound 7.",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
}

func TestBrokenByProofsAlone(t *testing.T) {
	r := fake("both", 200, []float32{.1, .3}, false, fakeAttacks[:5], 3)
	c := proofs(&r, .1)
	broken := 0
	for i := range c.Images {
		if p := &c.Images[i]; p.Proven > 0 && broken < 3 {
			p.Proven, p.Broken, broken = 0, .05, broken+1
		}
	}
	r.Certificates = append(r.Certificates, c)
	f := Summarise(&r)
	if text := strings.Join(newVerdict(f, false).Notes, " "); !strings.Contains(text, "The proofs broke 3 images that no attack did") {
		t.Errorf("got %q", text)
	}
}
