package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// saveOnce saves a checkpoint unless the last one is of this step.
func (r *run) saveOnce() error {
	if r.saved == r.state.Step && r.checkpoints.Exists(Last) {
		return nil
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
	st := r.state
	st.Seconds += r.clock.taken().Seconds()
	st.Waited += r.clock.waited.Seconds()
	if err := r.checkpoints.Save(r.graph, r.net, st, pointers...); err != nil {
		return err
	}
	r.saved = st.Step
	r.notify(func(o Observer) { o.Saved(r.at, pointers) })
	return nil
}
