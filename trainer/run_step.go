package trainer

import (
	"context"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// stepParams are one step's scheduled hyper-parameters.
type stepParams struct {
	rate       float32 // learning rate
	eps, alpha float32 // of the adversary
	lambda     float32
	margin     float32     // of the spread loss
	bound      boundParams // of certified training
	awp        float32     // size of the perturbation of weights
}

// stepParams returns the hyper-parameters of each step of a run.
func (c Config) stepParams(k cadence) func(step int) stepParams {
	rate := c.Schedule.Rates(c.Batch, k.perEpoch, k.steps)
	radius := c.Adversary.radii(c.Batch, k.perEpoch, k.steps)
	lambda := c.Objective.lambdas(c.Batch, k.perEpoch, k.steps)
	margin := c.Objective.Loss.margins(c.Batch, k.perEpoch, k.steps)
	bound := c.Certified.settings().schedule(c.Batch, k.perEpoch, k.steps)
	awp := c.Adversary.settings().weights.gammas(c.Batch, k.perEpoch, k.steps)
	return func(step int) stepParams {
		p := stepParams{rate: rate(step), lambda: lambda(step), margin: margin(step), awp: awp(step)}
		if p.eps, p.alpha = radius(step); !c.Certified.Off() {
			p.bound, p.eps, p.alpha = bound(step)
		}
		return p
	}
}

// stepMaker makes a training step and returns its losses.
type stepMaker interface {
	step(ctx context.Context, b stepBatch, step int, at stepParams) (Losses, error)
}

// plainStep makes a step in one call.
type plainStep struct {
	graph     *TrainGraph
	net       *graphs.Net
	buffers   *inputBuffers
	adversary *attacker // nil where no images are made before a step
}

func (p *plainStep) step(_ context.Context, b stepBatch, step int, at stepParams) (Losses, error) {
	if p.adversary != nil {
		var err error
		if b, err = p.adversary.stepBatch(b, step, at.eps, at.alpha); err != nil {
			return Losses{}, err
		}
	}
	feeds, err := p.buffers.feedStep(b, step, at)
	if err != nil {
		return Losses{}, err
	}
	out, err := p.net.Run(feeds, []tf.Output{p.graph.terms.vector}, p.graph.update)
	if err != nil {
		return Losses{}, err
	}
	return p.graph.terms.losses(graphs.Floats(nil, out[0])), nil
}

// newStepMaker is what makes the steps of a run.
func (r *run) newStepMaker(ctx context.Context) (s stepMaker, err error) {
	if len(r.graph.replicas.fetches) > 0 {
		r.replicas, err = r.newReplicas(ctx)
		return r.replicas, err
	}
	p := &plainStep{graph: r.graph, net: r.net}
	if p.adversary, err = r.graph.newAdversary(r.net, pipelines.Seed(r.in.Seed)); err != nil {
		return nil, err
	}
	p.buffers, err = r.graph.newInputBuffers()
	return p, err
}

// step trains on a batch once.
func (r *run) step(ctx context.Context, b stepBatch) error {
	step := r.state.Step
	at := r.params(step)
	losses, err := r.steps.step(ctx, b, step, at)
	if err != nil {
		return fmt.Errorf("trainer: step %d: %w", step+1, err)
	}
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
	if r.replicas != nil {
		r.at.Replicas = r.replicas.clocks.read(r.clock.taken())
	}
	return r.log.training(r.at, r.graph.terms.terms, waiting)
}
