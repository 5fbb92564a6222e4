package report

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/shell"
	"unwarp/trainer"
)

// Summary is the result of a run: summary.json in the run folder.
type Summary struct {
	Run      string             `json:"run"`
	Version  string             `json:"version"`
	Finished time.Time          `json:"finished"`
	Config   config.Config      `json:"config"`
	DataHash string             `json:"data_hash"` // fingerprint of the training images
	Training trainer.Summary    `json:"training"`
	Test     trainer.Evaluation `json:"test"`
	// Checkpoint is what is evaluated, attacked and exported: best, where validation
	// images chose one, else last; of CheckpointStep steps, 0 for all.
	Checkpoint     string                `json:"checkpoint,omitempty"`
	CheckpointStep int                   `json:"checkpoint_step,omitempty"`
	Attacks        *SummaryData          `json:"attacks,omitempty"`
	Export         *trainer.ExportReport `json:"export,omitempty"`
	Pictures       []string              `json:"pictures,omitempty"`
	LeftOut        int                   `json:"left_out,omitempty"` // image files that cannot be read
	Warnings       []string              `json:"warnings,omitempty"` // printed already
}

// reportedWaiting is the share of the training time above which waiting for data
// is reported.
const reportedWaiting = .02

// Print prints the results and the files to look at, for a terminal of so many
// columns, 0 for any.
func (s Summary) Print(w io.Writer, columns int) {
	t := s.Training
	fmt.Fprintln(w)
	WriteLine(w, columns, fmt.Sprintf("Trained %s (%s) on %s: %s, %.1f epochs, %s, %.0f images/s.",
		describeModel(s.Config.Model.Kind), s.Config.Model.Encoder, s.Config.Data.Set, printable.Count(t.Steps, "step"), t.Epochs, time.Duration(t.Seconds*float64(time.Second)).Round(time.Second), t.ImagesPerSecond))
	if s.LeftOut > 0 {
		WriteLine(w, columns, fmt.Sprintf("It did without %s that cannot be read (--skip-bad).", printable.Count(s.LeftOut, "image file")))
	}
	if t.Waiting > reportedWaiting {
		fmt.Fprintf(w, "%.0f %% of this time it waited for data: choose a simpler train.augment, or give it more cores.\n", 100*t.Waiting)
	}
	s.printCheckpoint(w, columns)
	WriteLine(w, columns, fmt.Sprintf("It classifies %.2f %% of %s correctly.", 100*s.Test.Accuracy, printable.Count(s.Test.Images, "test image")))
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
		WriteLine(w, columns, fmt.Sprintf("  %s  (SavedModel, read back and compared; for Python: tf.saved_model.load)", s.Export.Path))
	}
	WriteLine(w, columns, fmt.Sprintf("  %s, %s, %s", filepath.Join(s.Run, "summary.json"), filepath.Join(s.Run, "metrics.jsonl"), shell.Command("tensorboard", "--logdir", shell.Operand(s.Run))))
}

// printCheckpoint says with which weights all goes on, where they are not the last.
func (s Summary) printCheckpoint(w io.Writer, columns int) {
	if s.Training.StoppedEarly {
		wrapText(w, columnsOrDefault(columns), "", "  ", fmt.Sprintf("It ended early: %d evaluations in a row were no better than the best (train.patience).", s.Config.Train.Patience))
	}
	if s.Checkpoint == trainer.Best && s.CheckpointStep < s.Training.Steps {
		wrapText(w, columnsOrDefault(columns), "", "  ", fmt.Sprintf("All that follows, and the export, is of the checkpoint best, after step %d, which the validation images chose; --checkpoint last takes the end of the training.", s.CheckpointStep))
	}
}
