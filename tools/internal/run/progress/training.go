package progress

import (
	"fmt"
	"io"
	"strings"

	"unwarp/trainer"
)

// Training observes a run and shows it on w.
type Training struct {
	W     io.Writer
	Batch int
	bar   *Bar
	dead  int // steps in a row at which all embeddings were equal
}

// Began opens the bar.
func (t *Training) Began(at trainer.Progress) {
	if at.Step > 0 {
		fmt.Fprintf(t.W, "continuing from step %d of %d\n", at.Step, at.Steps)
	}
	t.bar = New(t.W, "training", "images", int64(at.Steps*t.Batch), int64(at.Step*t.Batch))
}

// Stepped moves the bar.
func (t *Training) Stepped(at trainer.Progress) {
	t.bar.Set(int64(at.Step*t.Batch), fmt.Sprintf("epoch %d loss %.3f", at.Epoch, at.Losses.Total))
	t.watchEmbedding(at)
}

// patience is how many steps all embeddings are equal before a remark: the first
// steps of a good training can pass through such a state.
const patience = 20

// watchEmbedding remarks once that all images have the same embedding, from
// which training rarely recovers.
func (t *Training) watchEmbedding(at trainer.Progress) {
	if at.Losses.EmbeddingSpread >= trainer.DeadEmbedding {
		t.dead = 0
		return
	}
	if t.dead++; t.dead == patience {
		t.bar.Note("warning: step %d: all images of a batch have had the same embedding for %d steps: nothing can be learned from it; lower train.objective.gamma, train.objective.lambda or train.schedule.rate, or use train.objective.code_norm=relative", at.Step, patience)
	}
}

// Evaluated prints the validation accuracy.
func (t *Training) Evaluated(at trainer.Progress, e trainer.Evaluation) {
	attacked := ""
	if a := e.Attacked; a != nil {
		name, _, _ := strings.Cut(a.Attack, ",") // pgd(eps=0.3
		attacked = fmt.Sprintf(", under %s) %.2f %% of %d", name, 100*a.Accuracy, a.Images)
	}
	t.bar.Note("step %d: validation accuracy %.2f %%%s, loss %.4f", at.Step, 100*e.Accuracy, attacked, e.Loss)
}

// Saved says nothing: checkpoints are expected.
func (t *Training) Saved(trainer.Progress, []string) {}

// Ended removes the bar.
func (t *Training) Ended(trainer.Progress, trainer.Summary, error) { t.bar.Done() }
