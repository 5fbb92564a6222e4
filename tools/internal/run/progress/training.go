package progress

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"unwarp/trainer"
)

// Training observes a run and shows it on w.
type Training struct {
	W     io.Writer
	Batch int
	Watch LossWatch
	bar   *Bar

	accuracy  runningMean
	estimate  stepTimes
	embedding embeddingWatch
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
	t.bar.Set(int64(at.Step*t.Batch), fmt.Sprintf("epoch %d loss %.3f accuracy %.1f %%%s", at.Epoch, at.Losses.Total, 100*t.smoothAccuracy(at), describeReplicas(at.Replicas)))
	if text := t.estimate.step(at, time.Now()); text != "" {
		t.bar.Note("%s", text)
	}
	for _, text := range []string{t.embedding.step(at), t.Watch.step(at)} {
		if text != "" {
			t.bar.Note("%s", text)
		}
	}
}

// describeReplicas says what each device or worker computes, and the share of time in
// which it waits; of many the range.
func describeReplicas(all []trainer.ReplicaProgress) string {
	const few = 4
	var b strings.Builder
	switch {
	case len(all) == 0:
	case len(all) <= few:
		for _, r := range all {
			fmt.Fprintf(&b, ", %s %.0f/s waits %.0f%%", r.Name, r.ImagesPerSecond, 100*r.Waiting)
		}
	default:
		speed := func(a, b trainer.ReplicaProgress) int { return cmp.Compare(a.ImagesPerSecond, b.ImagesPerSecond) }
		wait := func(a, b trainer.ReplicaProgress) int { return cmp.Compare(a.Waiting, b.Waiting) }
		fmt.Fprintf(&b, ", %d replicas %.0f to %.0f/s, waiting %.0f to %.0f%%", len(all),
			slices.MinFunc(all, speed).ImagesPerSecond, slices.MaxFunc(all, speed).ImagesPerSecond,
			100*slices.MinFunc(all, wait).Waiting, 100*slices.MaxFunc(all, wait).Waiting)
	}
	return b.String()
}

// Evaluated prints the validation accuracy.
func (t *Training) Evaluated(at trainer.Progress, e trainer.Evaluation) {
	attacked := ""
	if a := e.Attacked; a != nil {
		name, _, _ := strings.Cut(a.Attack, ",") // pgd(eps=0.3
		attacked = fmt.Sprintf(", under %s) %.2f %% of %d", name, 100*a.Accuracy, a.Images)
	}
	if v := e.Verified; v != nil {
		attacked += fmt.Sprintf(", %.2f %% of %d verified by %s at eps %.4g", 100*v.Accuracy, v.Images, v.Method, v.Eps)
	}
	t.bar.Note("step %d: validation accuracy %.2f %%%s, loss %.4f", at.Step, 100*e.Accuracy, attacked, e.Loss)
}

// Saved says nothing: checkpoints are expected.
func (t *Training) Saved(trainer.Progress, []string) {}

// Noted prints what befalls workers.
func (t *Training) Noted(_ trainer.Progress, text string) {
	if t.bar == nil { // before the training begins
		fmt.Fprintln(t.W, text)
		return
	}
	t.bar.Note("%s", text)
}

// Ended removes the bar.
func (t *Training) Ended(trainer.Progress, trainer.Summary, error) { t.bar.Done() }
