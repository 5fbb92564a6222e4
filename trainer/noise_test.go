package trainer

import (
	"errors"
	"slices"
	"testing"

	"unwarp/graphs/graphtest"
)

func mustNoise(t testing.TB, text string) (n Noise) {
	t.Helper()
	if err := n.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return n
}

// An interrupted run with noise goes on bit by bit as if nothing had happened; the
// noise acts.
func TestNoiseResumes(t *testing.T) {
	config := fullConfig(t)
	plain, _, err := session(t, t.Context(), config, fullInputs(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	config.Noise = mustNoise(t, "gaussian(sigma=.25)")
	want, _, err := session(t, t.Context(), config, fullInputs(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(want["classifier/kernel"], plain["classifier/kernel"]) {
		t.Error("want noise to give other weights")
	}
	in := fullInputs(t.TempDir())
	ctx, before := cancelling(t, "step 8")
	if _, _, err := session(t, ctx, config, in, before); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("want ErrInterrupted, got %v", err)
	}
	in.Resume = true
	got, _, err := session(t, t.Context(), config, in)
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, "resumed", got, want)
}

// Every kind of model trains with it, and evaluation is without.
func TestNoiseInEachModel(t *testing.T) {
	for _, kind := range []string{"base", "reconstruction", "disentangled"} {
		c := DefaultConfig()
		c.Batch, c.Duration = 8, mustDuration(t, "2st")
		c.Noise = mustNoise(t, "gaussian(sigma=1)")
		p, net := declared(t, 1, c, littleModel(kind), littleShape)
		in := fullInputs(t.TempDir())
		if _, err := p.Run(t.Context(), net, in); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		a, err := p.Evaluate(t.Context(), net, in.Validation)
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.Evaluate(t.Context(), net, in.Validation)
		if err != nil || a.Loss != b.Loss || a.Accuracy != b.Accuracy {
			t.Errorf("%s: want evaluation without noise, got %+v, then %+v, %v", kind, a, b, err)
		}
	}
}

func TestNoiseText(t *testing.T) {
	if n := mustNoise(t, " gaussian(sigma=1/4) "); n.String() != "gaussian(sigma=0.25)" || n.Off() {
		t.Errorf("got %q", n)
	}
	if n := mustNoise(t, ""); n.String() != "" || !n.Off() {
		t.Errorf("got %q", n)
	}
	for text, part := range map[string]string{"gaussian": "sigma", "gaussian(sigma=0)": "(0,100]", "gausian(sigma=1)": `did you mean "gaussian"?`, "gaussian(sigm=1)": `did you mean "sigma"?`} {
		graphtest.Says(t, new(Noise).UnmarshalText([]byte(text)), part)
	}
}
