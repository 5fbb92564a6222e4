package training

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/trainer"
)

// FoundRate is the result of a learning-rate range test of a configuration.
type FoundRate struct {
	trainer.RateTest
	Picture string `json:"picture"`
}

// FindRate makes a range test of what c trains and draws it. No run folder is made.
func FindRate(ctx context.Context, c config.Config, log io.Writer, remarks ...string) (FoundRate, error) {
	var f FoundRate
	x, err := experiment.Train(ctx, c)
	if err != nil {
		return f, err
	}
	defer x.Close()
	for _, remark := range append(remarks, x.Data.Remarks...) {
		fmt.Fprintln(log, remark)
	}
	in := trainer.Inputs{Train: x.Data.Train, Validation: x.Data.Validation, Seed: c.Seed, Teacher: x.Teacher, Workers: c.Workers, Cluster: c.Cluster}
	o := trainer.DefaultRateRange()
	bar := progress.New(log, "trying rates", "steps", int64(o.Steps), 0)
	f.RateTest, err = x.Graph.FindRate(ctx, x.Net, in, o, func(done, _ int) { bar.Set(int64(done), "") })
	bar.Done()
	if errors.Is(err, trainer.ErrInterrupted) {
		return f, experiment.InterruptedError("interrupted: nothing is saved")
	}
	if err != nil {
		return f, err
	}
	if len(f.Points) < 2 {
		return f, fmt.Errorf("the loss is not finite at a rate of %g: check train.objective and the data", o.From)
	}
	return f, f.draw(filepath.Join("runs", fmt.Sprintf("rates-%s-%s-seed%d.png", c.Data.Set, c.Model.Kind, c.Seed)))
}

// draw writes the picture.
func (f *FoundRate) draw(path string) error {
	raw, err := report.DrawRates(f.RateTest)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("picture %w", files.NotWritten(path, err))
	}
	if err := files.Write(path, raw); err != nil {
		return fmt.Errorf("picture %w", err)
	}
	f.Picture = path
	return nil
}

// Print prints the result.
func (f FoundRate) Print(w io.Writer) {
	last := f.Points[len(f.Points)-1].Rate
	switch {
	case f.Suggestion == 0:
		fmt.Fprintf(w, "The loss neither falls nor grows at learning rates from %.1g to %.1g: look at the data, and at train.objective.\n", f.Points[0].Rate, last)
	case f.Falls:
		fmt.Fprintf(w, "The loss falls most steeply at a learning rate of %.2g, and is lowest at %.2g.\n", f.Suggestion, f.Lowest)
	default:
		fmt.Fprintf(w, "The loss hardly falls in %d steps. It grows from a learning rate of %.2g on; a tenth of that is safe.\n", len(f.Points), f.Onset)
	}
	if f.Suggestion > 0 {
		fmt.Fprintf(w, "Train with --rate %.2g (train.schedule.rate).\n", f.Suggestion)
	}
	fmt.Fprintf(w, "Look at %s\n", f.Picture)
}
