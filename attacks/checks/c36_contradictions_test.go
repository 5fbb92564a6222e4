package checks

import (
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/certify"
)

// newCertificate proves the images of an evaluation at the given radii.
func newCertificate(e handmadeEvaluation, proven ...float32) certify.Certificate {
	c := certify.Certificate{Threat: string(e.Norm), Sizes: []float32{.1, .2}}
	for i, p := range proven {
		c.Images = append(c.Images, certify.ImageProof{Index: e.Index[i], Label: e.Labels[i], Correct: true, Proven: p, Broken: attacks.NoDistance})
	}
	return c
}

// An image whose example lies within what is proven of it fails the check, by name.
func TestContradictions(t *testing.T) {
	e := newEvaluation(4, .1, .2).add(t, "fgsm", 1, 2) // image 0 from .1 on, image 1 from .2 on
	run := func(c certify.Certificate) Result {
		t.Helper()
		return runChecks(t, Input{Evaluation: e.Evaluation, Certificates: []certify.Certificate{c}}, "C36")["C36"]
	}
	expect(t, run(newCertificate(e, 0, .1, .2, 0)), Pass)
	bad := run(newCertificate(e, 0, .2, .2, 0))
	if expect(t, bad, Fail); !slices.Equal(bad.Images, []int{101}) {
		t.Errorf("named %v, want image 101", bad.Images)
	}
	// The method's own examples count too; those of an evaluation in another norm,
	// and those against another model, do not.
	own := newCertificate(e, .2, .1, .2, 0)
	own.Images[2].Broken = .15
	if bad := run(own); !slices.Equal(bad.Images, []int{100, 102}) {
		t.Errorf("named %v, want images 100 and 102", bad.Images)
	}
	other := newCertificate(e, .2, .2, 0, 0)
	other.Threat = "l2"
	expect(t, run(other), Pass)
	other.Threat, other.Proves = "linf", "the smoothed classifier"
	expect(t, run(other), Pass)
	expect(t, run(newCertificate(e, 0, 0, 0, 0)), Skip)
	expect(t, e.runCheck(t, "C36"), Skip)
	if BearingOf("C36") != Unreliable {
		t.Error("want figures of no use where the check fails")
	}
}
