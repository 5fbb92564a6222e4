// Package training trains a model in a run folder and does what follows: test,
// attacks, pictures, export, summary. It may import trainer, attacks and of the
// tools config, experiment, evaluation, report, progress and doctor.
package training

import (
	"context"
	"errors"
	"fmt"
	"io"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/tools/internal/setup/doctor"
	"unwarp/trainer"
)

// Run trains what c says in a new run folder, or goes on in the folder resume
// unless that is "", and does what follows training. Remarks for a person go to
// log. Interrupted after the training, it returns an
// [experiment.InterruptedError].
func Run(ctx context.Context, c config.Config, resume string, log io.Writer) (report.Summary, error) {
	s := report.Summary{Version: doctor.ReadBuild("").Unwarp, Config: c}
	x, err := experiment.Train(ctx, c)
	if err != nil {
		return s, err
	}
	defer x.Close()
	s.Config = x.Config // with what the training set determines
	if s.Run, err = openFolder(x, resume); err != nil {
		return s, err
	}
	if s.DataHash, err = experiment.Fingerprint(x.Data.Train); err != nil {
		return s, err
	}
	fmt.Fprintf(log, "run folder %s\n", s.Run)
	if s.Training, err = train(ctx, x, s.Run, resume != "", log); err != nil {
		if errors.Is(err, trainer.ErrInterrupted) {
			return s, fmt.Errorf("%w: unwarp train --resume %s", err, s.Run)
		}
		return s, err
	}
	err = conclude(ctx, x, &s, log)
	if errors.Is(err, context.Canceled) {
		return s, experiment.InterruptedError("interrupted after the training, which is saved: to evaluate, attack and export: unwarp train --resume " + s.Run)
	}
	return s, err
}

// openFolder is the folder resume, or a new one where that is "".
func openFolder(x *experiment.Experiment, resume string) (dir string, err error) {
	if n := x.Data.Train.Len(); x.Config.Train.Batch > n {
		return "", experiment.NewConfigError(fmt.Errorf("train.batch: want at most the %d training images, got %d", n, x.Config.Train.Batch))
	}
	dir = resume
	if dir == "" {
		if dir, err = experiment.NewFolder(x.Config); errors.Is(err, experiment.ErrTaken) {
			return "", experiment.NewConfigError(err)
		} else if err != nil {
			return "", err
		}
	}
	return dir, experiment.WriteClasses(dir, x.Data.Train)
}

func train(ctx context.Context, x *experiment.Experiment, dir string, resume bool, log io.Writer) (trainer.Summary, error) {
	id, err := x.Identity()
	if err != nil {
		return trainer.Summary{}, err
	}
	in := trainer.Inputs{
		Train: x.Data.Train, Validation: x.Data.Validation,
		Dir: dir, Seed: x.Config.Seed, Resume: resume, Identity: id, Teacher: x.Teacher,
	}
	return x.Graph.Run(ctx, x.Net, in, &progress.Training{W: log, Batch: x.Config.Train.Batch})
}
