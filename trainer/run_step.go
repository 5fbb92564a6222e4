package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
)

// stepParams are one step's scheduled hyper-parameters.
type stepParams struct {
	rate       float32 // learning rate
	eps, alpha float32 // of the adversary
	lambda     float32
}

// stepParams returns the hyper-parameters of each step of a run.
func (c Config) stepParams(k cadence) func(step int) stepParams {
	rate := c.Schedule.Rates(c.Batch, k.perEpoch, k.steps)
	radius := c.Adversary.radii(c.Batch, k.perEpoch, k.steps)
	lambda := c.Objective.lambdas(c.Batch, k.perEpoch, k.steps)
	return func(step int) stepParams {
		eps, alpha := radius(step)
		return stepParams{rate: rate(step), eps: eps, alpha: alpha, lambda: lambda(step)}
	}
}

// step trains on a batch once.
func (r *run) step(b stepBatch) error {
	step := r.state.Step
	at := r.params(step)
	seen, err := b, error(nil)
	if r.adversary != nil {
		if seen, err = r.adversary.stepBatch(b, step, at.eps, at.alpha); err != nil {
			return fmt.Errorf("trainer: step %d: %w", step+1, err)
		}
	}
	feeds, err := r.buffers.feedStep(seen, step, at)
	if err != nil {
		return err
	}
	out, err := r.net.Run(feeds, []tf.Output{r.graph.terms.vector}, r.graph.update)
	if err != nil {
		return fmt.Errorf("trainer: step %d: %w", step+1, err)
	}
	losses := r.graph.terms.losses(out[0])
	if !finite(float64(losses.Total)) || !finite(float64(losses.GradientNorm)) {
		return r.divergedAfter(step)
	}
	r.state.Step++
	r.state.Images += b.N
	r.at.Step, r.at.Epoch, r.at.Rate, r.at.Losses = r.state.Step, r.cadence.epoch(r.state.Step), at.rate, losses
	r.notify(func(o Observer) { o.Stepped(r.at) })
	return nil
}

// logStep writes the losses of the present step.
func (r *run) logStep() error {
	stepsPerSecond, waiting := r.clock.throughput(r.state.Step)
	if stepsPerSecond > 0 {
		r.at.ImagesPerSecond = stepsPerSecond * float64(r.graph.Config.Batch)
	}
	return r.log.training(r.at, r.graph.terms.terms, waiting)
}
