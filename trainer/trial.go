package trainer

import (
	"context"
	"time"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Trial is what a few steps tell of a training.
type Trial struct {
	Steps       int           `json:"steps"`        // of the training
	Evaluations int           `json:"evaluations"`  // of the validation images during it
	Tried       int           `json:"tried"`        // steps that were measured
	PerStep     time.Duration `json:"ns_per_step"`  // the data that it waited for included
	PerImage    time.Duration `json:"ns_per_image"` // of an evaluation without attack; 0 without one
	Validation  int           `json:"validation"`   // images of each evaluation
}

// Duration is about how long the training takes, evaluations under attack left out.
func (t Trial) Duration() time.Duration {
	return time.Duration(t.Steps)*t.PerStep + time.Duration(t.Evaluations*t.Validation)*t.PerImage
}

// Try makes so many steps of a training, fewer where it has fewer, and writes
// nothing; the net's weights are then those after the steps. The first steps, in
// which TensorFlow prepares itself, are not measured.
func (g *TrainGraph) Try(ctx context.Context, net *graphs.Net, in Inputs, steps int) (Trial, error) {
	r, err := g.newRun(net, in, nil)
	if err != nil {
		return Trial{}, err
	}
	if r.steps, err = r.newStepMaker(ctx); err != nil {
		return Trial{}, err
	}
	defer r.close()
	t := Trial{Steps: r.cadence.steps}
	if err := r.trySteps(ctx, steps, &t); err != nil {
		return t, err
	}
	return t, r.tryEvaluation(ctx, &t)
}

// warmupSteps are not measured.
const warmupSteps = 3

// trySteps measures steps.
func (r *run) trySteps(ctx context.Context, steps int, t *Trial) error {
	var began time.Time
	for b, err := range r.stream(ctx) {
		if err != nil {
			return err
		}
		batch, err := r.taught(b)
		if err != nil {
			return err
		}
		for range r.cadence.replays {
			if r.state.Step == min(warmupSteps, steps-1) {
				began = time.Now()
			}
			if err := r.step(ctx, batch); err != nil {
				return err
			}
		}
		if r.state.Step >= steps || r.ended() {
			break
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if t.Tried = r.state.Step - min(warmupSteps, steps-1); t.Tried > 0 {
		t.PerStep = time.Since(began) / time.Duration(t.Tried)
	}
	return nil
}

// tryEvaluation measures a few evaluated images.
func (r *run) tryEvaluation(ctx context.Context, t *Trial) error {
	if r.in.Validation == nil {
		return nil
	}
	for step := 1; step <= r.cadence.steps; step++ {
		if r.cadence.evaluates(step) {
			t.Evaluations++
		}
	}
	t.Validation = r.in.Validation.Len()
	few, err := pipelines.First(r.in.Validation, min(evalBatch, t.Validation))
	if err != nil {
		return err
	}
	for range 2 { // in the first TensorFlow prepares itself
		began := time.Now()
		if _, err := r.graph.Evaluate(ctx, r.net, few); err != nil {
			return err
		}
		t.PerImage = time.Since(began) / time.Duration(few.Len())
	}
	return nil
}
