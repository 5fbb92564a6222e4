package certify

import (
	"errors"
	"fmt"
	"math"
	"time"

	"unwarp/attacks"
)

// attempt is an image at a size.
type attempt struct {
	image int
	size  float32
}

// attempt has a prover make attempts, in batches, but those that the journal
// knows.
func (r *run) attempt(p Prover, asked []attempt) error {
	var left []attempt
	for _, a := range asked {
		known, ok := r.journal.find(a.key(p))
		if ok {
			holds, err := r.verify(p, a, &known)
			if err != nil {
				return err
			}
			if ok = holds; holds {
				r.cert.Resumed++
				r.take(p, a, known)
			} else if err := r.journal.forget(a.key(p)); err != nil {
				return err
			}
		}
		if !ok {
			left = append(left, a)
		}
	}
	for batch := range batches(p, left) {
		r.tell()
		if err := r.ctx.Err(); err != nil {
			return r.end(err)
		}
		if err := r.attemptBatch(p, batch); err != nil {
			return err
		}
	}
	r.tell()
	return nil
}

func (a attempt) key(p Prover) attemptKey { return attemptKey{a.image, a.size, p.Name()} }

// batches divides attempts as a prover takes them: as many at once as it says,
// and of one size where it takes only one.
func batches(p Prover, all []attempt) func(yield func([]attempt) bool) {
	most := 1
	if b, ok := p.(Batcher); ok {
		most = max(1, b.Batch())
	}
	_, each := p.(EachProver)
	return func(yield func([]attempt) bool) {
		for len(all) > 0 {
			n := 1
			for n < min(most, len(all)) && (each || all[n].size == all[0].size) {
				n++
			}
			if !yield(all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}

// attemptBatch makes attempts that fit into one call of a prover.
func (r *run) attemptBatch(p Prover, batch []attempt) error {
	var set attacks.Images
	var sizes []float64
	for _, a := range batch {
		set.Pixels = append(set.Pixels, r.image(a.image)...)
		set.Labels = append(set.Labels, r.images.Labels[a.image])
		set.Index = append(set.Index, r.images.Index[a.image])
		sizes = append(sizes, float64(a.size))
	}
	began := time.Now()
	var results []Result
	var err error
	if e, ok := p.(EachProver); ok {
		results, err = e.ProveEach(r.ctx, set, sizes)
	} else {
		results, err = p.Prove(r.ctx, set, sizes[0])
	}
	if end := r.ctx.Err(); err != nil && end != nil && errors.Is(err, end) {
		return r.end(end)
	}
	if err == nil && len(results) != len(batch) {
		err = fmt.Errorf("%s: want a result for each of %d images, got %d", p.Name(), len(batch), len(results))
	}
	if err != nil {
		return fmt.Errorf("proofs: %w", err)
	}
	share := time.Since(began).Seconds() / float64(len(batch))
	for k, a := range batch {
		if results[k].Seconds == 0 {
			results[k].Seconds = math.Round(share*1e6) / 1e6
		}
		if err := r.accept(p, a, results[k]); err != nil {
			return err
		}
	}
	return nil
}

// accept takes in a new result, its example verified, and keeps it in the
// journal.
func (r *run) accept(p Prover, a attempt, result Result) error {
	holds, err := r.verify(p, a, &result)
	if err != nil {
		return err
	}
	switch {
	case !holds:
		result.Status, result.Example, result.Note = Open, nil, "the example of the method did not hold when it was verified"
	case result.Status == Misclassified && r.cert.Proves == "": // the model's own logits say otherwise
		result.Status, result.Note = Open, "the method classifies the image otherwise than the model, by rounding"
	}
	if err := r.journal.add(a.key(p), result); err != nil {
		return err
	}
	r.take(p, a, result)
	return nil
}
