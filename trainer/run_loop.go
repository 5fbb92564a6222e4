package trainer

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"unwarp/graphs/cluster"
	"unwarp/pipelines"
)

// train makes the steps that are left, with logs, evaluations and checkpoints
// between them.
func (r *run) train(ctx context.Context) error {
	r.notify(func(o Observer) { o.Began(r.at) })
	if r.state.Step > 0 && r.needsEvaluation() {
		// The session before was interrupted during this evaluation.
		if err := r.evaluateAndSave(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ErrInterrupted // the checkpoint of this step is there
		}
	}
	if r.ended() {
		return nil
	}
	r.clock.resume()
	for b, err := range r.clock.timed(r.stream(ctx)) {
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			if serr := r.saveOnce(); serr != nil {
				err = fmt.Errorf("%w; and then: %w", err, serr)
			}
			return err
		}
		if err := r.trainBatch(ctx, b); err != nil {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				break // the step under way is lost
			}
			return r.saveIfLost(err)
		}
		if r.ended() {
			break
		}
	}
	if err := r.saveOnce(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ErrInterrupted
	}
	return nil
}

// saveIfLost saves what has been reached before a worker was lost for good.
func (r *run) saveIfLost(err error) error {
	var lost *cluster.LostError
	if !errors.As(err, &lost) {
		return err
	}
	if serr := r.saveOnce(); serr != nil {
		return fmt.Errorf("%w; and then: %w", err, serr)
	}
	return err
}

func (r *run) ended() bool { return r.state.Step >= r.cadence.steps || r.lostPatience() }

// stream is the training data from the present step on.
func (r *run) stream(ctx context.Context) iter.Seq2[pipelines.Batch, error] {
	c := r.graph.Config
	return pipelines.Stream(ctx, r.in.Train, pipelines.Options{
		Batch: c.Batch, Seed: r.in.Seed, Shuffle: true, Balanced: c.Sampling == BalancedSampling, Augment: c.Augment,
		Start: r.state.Step / r.cadence.replays, Workers: c.Workers,
	})
}

// taught is a batch with the logits of the teacher, where there is one.
func (r *run) taught(batch pipelines.Batch) (b stepBatch, err error) {
	b.Batch = batch
	if r.in.Teacher != nil {
		b.teacher, err = r.in.Teacher.batchLogits(batch)
	}
	return b, err
}

// trainBatch makes the steps of one batch: one, or as many replays as are left.
func (r *run) trainBatch(ctx context.Context, batch pipelines.Batch) error {
	b, err := r.taught(batch)
	if err != nil {
		return err
	}
	for range r.cadence.replays - r.state.Step%r.cadence.replays {
		if err := r.step(ctx, b); err != nil {
			return err
		}
		if r.cadence.logs(r.state.Step) {
			if err := r.logStep(); err != nil {
				return err
			}
		}
		if err := r.evaluateAndSave(ctx); err != nil {
			return err
		}
		if r.ended() || ctx.Err() != nil {
			break
		}
	}
	return nil
}
