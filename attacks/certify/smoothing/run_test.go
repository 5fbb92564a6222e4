package smoothing_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/certify"
)

// A run asks the method once for each image, whatever sizes are asked for. It says
// how surely its proofs hold, and goes on after an interruption with the same
// results.
func TestRun(t *testing.T) {
	l, images, margin := linear(t)
	p := prover(t, l.Victim(), "smooth(sigma=.5,n=1000)")
	logits := func(rows ...[]float32) (all [][]float32, err error) {
		for range rows {
			all = append(all, make([]float32, 2)) // nothing is right of the model itself: that does not count
		}
		return all, nil
	}
	o := certify.Options{Threat: "l2", Sizes: []float32{.05, .2, .5}, Logits: logits}
	want, err := certify.Run(t.Context(), p, images, o, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !want.Radius || want.Proves == "" || want.Confidence == "" || want.Proven() != nil {
		t.Errorf("got %+v", want)
	}
	for i, proof := range want.Images {
		if len(proof.Attempts) != 1 {
			t.Errorf("image %d: want one attempt, got %+v", i, proof.Attempts)
		}
		if proof.Proven > 0 && !(float64(proof.Proven) < math.Abs(margin(i))) {
			t.Errorf("image %d: proven up to %v, beyond the boundary at %v", i, proof.Proven, margin(i))
		}
		for _, size := range o.Sizes {
			if status := want.StatusAt(i, size, nil); (status == certify.Proven) != (proof.Proven >= size) {
				t.Errorf("image %d at %v: %v, proven up to %v", i, size, status, proof.Proven)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "journal")
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	for range 2 {
		journal, err := certify.OpenJournal(path, "the same")
		if err != nil {
			t.Fatal(err)
		}
		var got *certify.Certificate
		got, err = certify.Run(ctx, p, images, o, journal, func(certify.Progress) {
			if told++; told == 4 { // before the fourth image
				cancel()
			}
		})
		journal.Close()
		if ctx.Err() != nil && got == nil {
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("want the interruption, got %v", err)
			}
			ctx = t.Context()
			continue
		}
		if err != nil || got.Resumed != 3 {
			t.Fatalf("want 3 results of the journal, got %+v, %v", got, err)
		}
		for i := range got.Images {
			a, b := got.Images[i], want.Images[i]
			if a.Proven != b.Proven || a.Correct != b.Correct || !slices.EqualFunc(a.Attempts, b.Attempts, func(x, y certify.Attempt) bool { return x.Status == y.Status && x.Radius == y.Radius }) {
				t.Errorf("image %d: got %+v, want %+v", i, a, b)
			}
		}
	}
	cancel()
}

// What another run knows is taken over as it was, the images that the smoothed model
// classifies otherwise included, and nothing is asked again.
func TestRunTakesOver(t *testing.T) {
	l, images, _ := linear(t)
	for i := range images.Labels { // some are misclassified
		if i%3 == 0 {
			images.Labels[i] = 1 - images.Labels[i]
		}
	}
	p := prover(t, l.Victim(), "smooth(sigma=.5,n=1000)")
	o := certify.Options{Threat: "l2", Sizes: []float32{.05, .2}, Logits: func(rows ...[]float32) ([][]float32, error) {
		all := make([][]float32, len(rows))
		for i := range all {
			all[i] = make([]float32, 2)
		}
		return all, nil
	}}
	first, err := certify.Run(t.Context(), p, images, o, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if first.CountAt(.05, nil).Misclassified < 2 {
		t.Fatalf("want misclassified images, got %+v", first.CountAt(.05, nil))
	}
	o.Known = first
	asked := countingProver{Prover: p}
	again, err := certify.Run(t.Context(), &asked, images, o, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range o.Sizes {
		if want, got := first.CountAt(size, nil), again.CountAt(size, nil); want != got || asked.images > 0 {
			t.Errorf("at %g: want %+v and no image asked about, got %+v and %d", size, want, got, asked.images)
		}
	}
}

// countingProver counts the images that it is asked about.
type countingProver struct {
	certify.Prover
	images int
}

func (p *countingProver) ProvesRadius() {}

func (p *countingProver) ProvenModel() string { return p.Prover.(certify.OtherModel).ProvenModel() }

func (p *countingProver) Prove(ctx context.Context, images attacks.Images, size float64) ([]certify.Result, error) {
	p.images += images.Len()
	return p.Prover.Prove(ctx, images, size)
}
