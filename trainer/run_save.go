package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines/files"
)

// saveOnce saves a checkpoint unless the last one is of this step. Before the first
// step there is nothing to save: a run that is resumed without one begins anew.
func (r *run) saveOnce() error {
	if r.state.Step == 0 {
		return nil
	}
	if r.saved == r.state.Step && r.checkpoints.Exists(Last) {
		return r.checkFolder()
	}
	return r.save(Last)
}

// save refuses weights that are not finite: the loss shows them one step later,
// which the last step does not have.
func (r *run) save(pointers ...string) error {
	out, err := r.net.Run(nil, []tf.Output{r.graph.weightNorm})
	if err != nil {
		return err
	}
	if !finite(float64(graphs.Scalar(out[0]))) {
		return r.divergedAfter(r.state.Step - 1)
	}
	if err := r.checkFolder(); err != nil {
		return err
	}
	unlogged := r.log.flush() // before the checkpoint, which is saved all the same
	st := r.state
	st.Seconds += r.clock.taken().Seconds()
	st.Waited += r.clock.waited.Seconds()
	if err := r.checkpoints.Save(r.graph, r.net, st, pointers...); err != nil {
		return err
	}
	r.saved = st.Step
	r.notify(func(o Observer) { o.Saved(r.at, pointers) })
	return unlogged
}

// checkFolder refuses to write into a folder that has lost what was written
// before: the files would not be found, or not be whole.
func (r *run) checkFolder() error {
	if err := r.place.Check(); err != nil {
		return fmt.Errorf("run folder %w", err)
	}
	if r.saved > 0 && !r.checkpoints.Exists(Last) {
		return fmt.Errorf("checkpoints %w", &files.GoneError{Path: r.checkpoints.Dir})
	}
	return nil
}
