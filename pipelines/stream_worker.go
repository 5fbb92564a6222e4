package pipelines

import (
	"context"
)

// worker is what one goroutine needs to fill slots.
type worker struct {
	augment *augmenter
	raw     []uint8
	mixup   mixup
	partner []float32  // room for the image that is mixed in; nil without mixup
	gen     *generator // of partners and shares
}

// newWorker makes room for images of shape in, which become out.
func newWorker(m *augmenter, a Augment, in, out Shape) *worker {
	w := &worker{augment: m, raw: make([]uint8, in.Len())}
	if o, mixes := a.mixup(); mixes {
		w.mixup, w.partner, w.gen = o, make([]float32, out.Len()), newGenerator()
	}
	return w
}

// fillSlots fills the slots of work until there are no more.
func (s *stream) fillSlots(ctx context.Context, w *worker, work <-chan *slot) {
	for {
		select {
		case <-ctx.Done():
			return
		case t, ok := <-work:
			if !ok {
				return
			}
			t.err = s.loadBatch(ctx, w, t)
			t.ready <- struct{}{}
		}
	}
}

// loadBatch reads and augments the examples of one batch.
func (s *stream) loadBatch(ctx context.Context, w *worker, t *slot) error {
	per := len(t.Images) / t.N
	for k, i := range t.Index {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var view []float32
		if t.DeformedViews != nil {
			view = t.DeformedViews[k*per : (k+1)*per]
		}
		image := t.Images[k*per : (k+1)*per]
		var err error
		if t.Labels[k], err = s.loadExample(w, t.Epoch, i, image, view); err != nil {
			return err
		}
		if t.Shares == nil {
			continue
		}
		var partner int
		partner, t.Shares[k] = w.mixup.draw(w.gen.reseed(Seed(s.opts.Seed).Split("mixup", t.Epoch, i)), s.src.Len())
		if t.Partners[k], err = s.loadExample(w, t.Epoch, partner, w.partner, nil); err != nil {
			return err
		}
		mixInto(image, w.partner, t.Shares[k])
	}
	return nil
}

// loadExample reads example i and augments it as in an epoch. view is nil where none is wanted.
func (s *stream) loadExample(w *worker, epoch, i int, image, view []float32) (label int32, err error) {
	n, err := readExample(s.src, i, w.raw)
	if err != nil {
		return 0, err
	}
	w.augment.apply(Seed(s.opts.Seed).Split("augment", epoch, i), w.raw, image, view)
	return int32(n), nil
}
