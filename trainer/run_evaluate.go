package trainer

import "context"

// needsEvaluation is true where the cadence asks for an evaluation that has not
// been made.
func (r *run) needsEvaluation() bool {
	step := r.state.Step
	return r.in.Validation != nil && r.cadence.evaluates(step) && r.state.Evaluated < step
}

// evaluateAndSave does either where the step asks for it.
func (r *run) evaluateAndSave(ctx context.Context) error {
	evaluate, save := r.needsEvaluation(), r.cadence.saves(r.state.Step)
	if !evaluate && !save {
		return nil
	}
	r.clock.pause()
	defer r.clock.resume()
	pointers := []string{Last}
	if evaluate {
		best, err := r.evaluate(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil // the loop ends and saves
			}
			return err
		}
		if best {
			pointers = []string{Best, Last}
		}
	}
	if len(pointers) > 1 || save {
		return r.save(pointers...)
	}
	return nil
}

// evaluate reports whether the validation accuracy is the best so far; with an
// adversary, that under attack, with certified training, that verified.
func (r *run) evaluate(ctx context.Context) (best bool, err error) {
	e, err := r.graph.Evaluate(ctx, r.net, r.in.Validation)
	if err != nil {
		return false, err
	}
	if !finite(e.Loss) {
		return false, r.divergedAfter(r.state.Step) // with these weights the next step's loss is computed
	}
	if e.Attacked, err = r.graph.EvaluateAttacked(ctx, r.net, r.in.Validation, r.in.Seed); err != nil {
		return false, err
	}
	if e.Verified, err = r.graph.EvaluateVerified(ctx, r.net, r.in.Validation); err != nil {
		return false, err
	}
	r.validation, r.state.Evaluated = &e, r.state.Step
	if err := r.log.evaluation(r.at, e); err != nil {
		return false, err
	}
	if draw := r.in.Board.Evaluated; draw != nil {
		drawn, err := draw(r.at, e)
		if err := r.log.pictures(r.state.Step, drawn, err); err != nil {
			return false, err
		}
	}
	r.notify(func(o Observer) { o.Evaluated(r.at, e) })
	best = r.updateBest(e)
	r.notePatience()
	return best, nil
}

// updateBest reports whether e is the best so far, and remembers it then. Of equal
// accuracies, which few images often give, the one with the lower loss is better.
func (r *run) updateBest(e Evaluation) bool {
	score := e.Accuracy
	if e.Attacked != nil && !r.graph.Config.Adversary.Off() {
		score = e.Attacked.Accuracy
	}
	if e.Verified != nil && !r.graph.Config.Certified.Off() {
		score = e.Verified.Accuracy
	}
	lower := score == r.state.Best && r.state.BestLoss != nil && e.Loss < *r.state.BestLoss
	if r.state.BestStep > 0 && score <= r.state.Best && !lower {
		return false
	}
	r.state.BestStep, r.state.Best, r.state.BestLoss = r.state.Step, score, &e.Loss
	return true
}
