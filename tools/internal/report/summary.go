package report

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/shell"
	"unwarp/trainer"
)

// Summary is the result of a run: summary.json in the run folder.
type Summary struct {
	Run      string                `json:"run"`
	Version  string                `json:"version"`
	Finished time.Time             `json:"finished"`
	Config   config.Config         `json:"config"`
	DataHash string                `json:"data_hash"` // fingerprint of the training images
	Training trainer.Summary       `json:"training"`
	Test     trainer.Evaluation    `json:"test"`
	Attacks  *SummaryData          `json:"attacks,omitempty"`
	Export   *trainer.ExportReport `json:"export,omitempty"`
	Pictures []string              `json:"pictures,omitempty"`
}

// reportedWaiting is the share of the training time above which waiting for data
// is reported.
const reportedWaiting = .02

// Print prints the results and the files to look at, for a terminal of so many
// columns, 0 for any.
func (s Summary) Print(w io.Writer, columns int) {
	t := s.Training
	fmt.Fprintf(w, "\nTrained %s (%s) on %s: %d steps, %.1f epochs, %s, %.0f images/s.\n",
		describeModel(s.Config.Model.Kind), s.Config.Model.Encoder, s.Config.Data.Set, t.Steps, t.Epochs, time.Duration(t.Seconds*float64(time.Second)).Round(time.Second), t.ImagesPerSecond)
	if t.Waiting > reportedWaiting {
		fmt.Fprintf(w, "%.0f %% of this time it waited for data: choose a simpler train.augment, or give it more cores.\n", 100*t.Waiting)
	}
	fmt.Fprintf(w, "It classifies %.2f %% of %d test images correctly.\n", 100*s.Test.Accuracy, s.Test.Images)
	if v := s.Test.Verified; v != nil {
		wrapText(w, columnsOrDefault(columns), "", "  ", "Verified: "+describeVerified(*v)+".")
	}
	if s.Attacks != nil {
		fmt.Fprintln(w)
		s.Attacks.Print(w, columns)
	}
	fmt.Fprintf(w, "\nLook at\n")
	for _, p := range s.Pictures {
		fmt.Fprintf(w, "  %s\n", p)
	}
	if s.Export != nil {
		fmt.Fprintf(w, "  %s  (SavedModel, read back and compared; for Python: tf.saved_model.load)\n", s.Export.Path)
	}
	fmt.Fprintf(w, "  %s, %s, %s\n", filepath.Join(s.Run, "summary.json"), filepath.Join(s.Run, "metrics.jsonl"), shell.Command("tensorboard", "--logdir", shell.Operand(s.Run)))
}
