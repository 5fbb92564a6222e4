package trainer

import (
	"errors"
	"fmt"
	"math"
)

// ErrInterrupted says that the context was cancelled; a checkpoint was saved.
var ErrInterrupted = errors.New("interrupted; the run can be resumed")

// DivergedError says that the loss, its gradient or the weights are no longer
// finite numbers.
type DivergedError struct {
	From, To int     // all was last finite at step From and no longer at To
	Last     float32 // loss at step From
	Saved    int     // step of the last checkpoint, 0 if none
}

func (e *DivergedError) Error() string {
	saved := "no checkpoint was saved"
	if e.Saved > 0 {
		saved = fmt.Sprintf("the checkpoint of step %d is untouched", e.Saved)
	}
	return fmt.Sprintf("trainer: loss or weights stopped being finite numbers between step %d (loss %.4g) and step %d; %s: lower train.schedule.rate, or set train.optimizer.clip_norm", e.From, e.Last, e.To, saved)
}

// divergedAfter is the error of weights or losses that are not finite after
// step from.
func (r *run) divergedAfter(from int) error {
	return &DivergedError{From: from, To: from + 1, Last: r.at.Losses.Total, Saved: r.saved}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
