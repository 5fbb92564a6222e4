package report

import (
	"fmt"
	"io"
	"time"

	"unwarp/attacks"
	"unwarp/tools/internal/config"
	"unwarp/trainer"
)

// Summary is what a run came to: summary.json in the run folder.
type Summary struct {
	Run      string                `json:"run"`
	Version  string                `json:"version"`
	Finished time.Time             `json:"finished"`
	Config   config.Config         `json:"config"`
	Training trainer.Summary       `json:"training"`
	Test     trainer.Evaluation    `json:"test"`
	Attacks  *attacks.Report       `json:"attacks,omitempty"`
	Export   *trainer.ExportReport `json:"export,omitempty"`
	Pictures []string              `json:"pictures,omitempty"`
}

// Print says in plain words what came out and which files to look at.
func (s Summary) Print(w io.Writer, labels []int32) {
	t := s.Training
	fmt.Fprintf(w, "\nTrained %s (%s) on %s: %d steps, %.1f epochs, %s, %.0f images/s.\n",
		article(s.Config.Model.Kind), s.Config.Model.Encoder, s.Config.Data.Set, t.Steps, t.Epochs, time.Duration(t.Seconds*float64(time.Second)).Round(time.Second), t.ImagesPerSecond)
	fmt.Fprintf(w, "It classifies %.2f %% of %d test images right.\n", 100*s.Test.Accuracy, s.Test.Images)
	if s.Attacks != nil {
		fmt.Fprintln(w)
		Attacks(w, *s.Attacks, labels)
		fmt.Fprintln(w)
		Verdict(w, *s.Attacks, labels)
	}
	fmt.Fprintf(w, "\nLook at\n")
	for _, p := range s.Pictures {
		fmt.Fprintf(w, "  %s\n", p)
	}
	if s.Export != nil {
		fmt.Fprintf(w, "  %s  (SavedModel, read back and compared; for Python: tf.saved_model.load)\n", s.Export.Path)
	}
	fmt.Fprintf(w, "  %s/summary.json, %s/metrics.jsonl, tensorboard --logdir %s\n", s.Run, s.Run, s.Run)
}

// Verdict says what the figures mean and what they do not.
func Verdict(w io.Writer, r attacks.Report, labels []int32) {
	eps := r.Radii()
	if len(eps) == 0 {
		return
	}
	if n := commonest(labels); n < len(labels) && r.CleanRight <= n {
		fmt.Fprintln(w, "The classifier does no better than always answering one class: it has learned nothing, and attacks on it tell nothing.")
		return
	}
	e := eps[len(eps)/2]
	change := "Changing each pixel by at most %.4g"
	if r.Outcomes[0].Norm == attacks.L2 {
		change = "A change of Euclidean length %.4g at most"
	}
	fmt.Fprintf(w, change+" is enough to leave %.1f %% of the images right (worst case per image over the attacks above).\n", e, percent(r.Worst(labels, e), r.Images))
	for _, o := range r.Outcomes {
		if o.Loss == attacks.Training && o.Eps == e && r.Images-r.Worst(labels, e) > r.Images-o.Right {
			fmt.Fprintf(w, "An attack along the gradient of the whole training loss leaves %.1f %%: that measures the weakness of this attack, not the strength of the model.\n", 100*o.Accuracy())
			break
		}
	}
	fmt.Fprintln(w, "These attacks are few and simple; a stronger one can only lower the figures.")
}

// commonest is how often the commonest label occurs.
func commonest(labels []int32) int {
	count, most := map[int32]int{}, 0
	for _, l := range labels {
		count[l]++
		most = max(most, count[l])
	}
	return most
}

func article(kind string) string {
	switch kind {
	case "base":
		return "the base CNN"
	case "reconstruction":
		return "the reconstruction ablation"
	}
	return "the disentangled classifier"
}
