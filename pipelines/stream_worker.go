package pipelines

import (
	"context"
)

// worker is what one goroutine needs to fill slots.
type worker struct {
	augment *augmenter
	raw     []uint8
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
		label, err := readExample(s.src, i, w.raw)
		if err != nil {
			return err
		}
		t.Labels[k] = int32(label)
		var view []float32
		if t.DeformedViews != nil {
			view = t.DeformedViews[k*per : (k+1)*per]
		}
		seed := Seed(s.opts.Seed).Split("augment", t.Epoch, i)
		w.augment.apply(seed, w.raw, t.Images[k*per:(k+1)*per], view)
	}
	return nil
}
