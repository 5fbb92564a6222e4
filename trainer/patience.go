package trainer

import (
	"errors"
	"fmt"

	"unwarp/pipelines"
)

// checkPatience refuses patience that nothing can try.
func (c Config) checkPatience(validation pipelines.Source) error {
	switch {
	case c.Patience == 0:
		return nil
	case validation == nil:
		return errors.New("train.patience: want validation images to wait for, got none: hold some out with data.validation, or set train.patience=0")
	case c.Evaluate.Zero():
		return errors.New("train.patience: want evaluations during training to count, got none: set train.evaluate, such as 1ep, or train.patience=0")
	}
	return nil
}

// lostPatience reports whether so many evaluations as Config.Patience, the last ones,
// were not better than one before them. It follows from the state alone, so a resumed
// run ends where it would have ended.
func (r *run) lostPatience() bool {
	p, every := r.graph.Config.Patience, r.cadence.evaluate
	return p > 0 && every > 0 && r.state.BestStep > 0 && (r.state.Evaluated-r.state.BestStep)/every >= p
}

// notePatience says that training ends before its time.
func (r *run) notePatience() {
	if !r.lostPatience() || r.state.Step >= r.cadence.steps {
		return
	}
	text := fmt.Sprintf("step %d: no better evaluation in %d (train.patience): the training ends; the best was after step %d", r.state.Step, r.graph.Config.Patience, r.state.BestStep)
	r.notify(func(o Observer) { o.Noted(r.at, text) })
}
