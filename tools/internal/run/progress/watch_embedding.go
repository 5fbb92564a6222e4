package progress

import (
	"fmt"

	"unwarp/trainer"
)

// patience is how many more steps with nearly equal embeddings than without there are
// before a remark: the first steps of a good training can pass through such a state, and
// with dropout those of a bad one differ now and then.
const patience = 20

// embeddingWatch remarks once that all images have nearly the same embedding, from
// which training rarely recovers.
type embeddingWatch struct {
	dead     int // steps at which they were, less the others
	remarked bool
}

// step returns a remark, or "".
func (w *embeddingWatch) step(at trainer.Progress) string {
	if at.Losses.EmbeddingSpread < trainer.DeadEmbedding {
		w.dead++
	} else {
		w.dead = max(w.dead-1, 0)
	}
	if w.remarked || w.dead < patience {
		return ""
	}
	w.remarked = true
	return fmt.Sprintf("warning: step %d: all images of a batch have had nearly the same embedding for %d steps and more: nothing can be learned from it; lower train.objective.gamma, train.objective.lambda or train.schedule.rate, or use train.objective.code_norm=relative", at.Step, patience)
}
