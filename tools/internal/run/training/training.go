// Package training trains a model in a run folder and does what follows: test,
// attacks, pictures, export, summary. It may import trainer, attacks and of the
// tools config, experiment, evaluation, report, progress and doctor.
package training

import (
	"context"
	"errors"
	"fmt"
	"io"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/footprint"
	"unwarp/tools/internal/run/progress"
	"unwarp/tools/internal/setup/doctor"
	"unwarp/tools/internal/shell"
	"unwarp/trainer"
)

// Run trains what c says in a new run folder, or goes on in the folder resume
// unless that is "", and does what follows training. Remarks for a person, after those
// given, go to log. Interrupted after the training, it returns an
// [experiment.InterruptedError].
func Run(ctx context.Context, c config.Config, resume string, log io.Writer, remarks ...string) (report.Summary, error) {
	if resume != "" {
		c = experiment.Respell(c, resume)
	}
	s := report.Summary{Version: doctor.ReadBuild("").Unwarp, Config: c}
	lock, err := lockResumed(resume) // before data are read, which may take long
	if err != nil {
		return s, err
	}
	defer func() { lock.Close() }()
	var model *footprint.Model
	x, err := experiment.Train(ctx, c, foresee(&model, log))
	if err != nil {
		return s, err
	}
	defer x.Close()
	s.Config, s.LeftOut = x.Config, x.Data.LeftOut // with what the training set determines
	if s.Run, lock, err = openFolder(x, resume, lock); err != nil {
		return s, err
	}
	place, err := files.OpenPlace(s.Run)
	if err != nil {
		return s, err
	}
	if s.DataHash, err = experiment.Fingerprint(x.Data.Train); err != nil {
		return s, err
	}
	fmt.Fprintf(log, "run folder %s\n", s.Run)
	fmt.Fprintln(log, model.Line())
	if remark := lock.Remark(); remark != "" {
		fmt.Fprintln(log, remark)
	}
	s.Warnings = remarkBefore(x, remarks, log)
	if s.Training, err = train(ctx, x, s.Run, resume != "", log); err != nil {
		if errors.Is(err, trainer.ErrInterrupted) {
			return s, fmt.Errorf("%w: %s", err, resumeCommand(s.Run))
		}
		if resume == "" {
			freeUnbegun(s.Run, err)
		}
		return s, err
	}
	err = concludeAtBest(ctx, x, place, &s, log)
	if errors.Is(err, context.Canceled) {
		return s, experiment.InterruptedError("interrupted after the training, which is saved: to evaluate, attack and export: " + resumeCommand(s.Run))
	}
	if errors.As(err, new(*files.HeldError)) || errors.As(err, new(*files.Error)) {
		return s, fmt.Errorf("after the training, which is saved: %w: then %s", err, resumeCommand(s.Run))
	}
	return s, err
}

// resumeCommand is what a user types to go on with the run in dir.
func resumeCommand(dir string) string { return shell.Unwarp("train", "--resume", shell.Operand(dir)) }

// lockResumed locks the folder of a run that is resumed; nil where that is "".
func lockResumed(resume string) (*files.Lock, error) {
	if resume == "" {
		return nil, nil
	}
	return experiment.LockRun(resume)
}

// openFolder is the folder resume, which is locked, or a new one where that is "".
func openFolder(x *experiment.Experiment, resume string, resumed *files.Lock) (dir string, lock *files.Lock, err error) {
	dir, lock = resume, resumed
	if dir != "" {
		if err := x.CheckResume(dir); err != nil {
			return "", resumed, err
		}
	} else {
		if dir, err = experiment.NewFolder(x.Config); errors.Is(err, experiment.ErrTaken) {
			return "", nil, experiment.NewConfigError(err)
		} else if err != nil {
			return "", nil, err
		}
		if lock, err = experiment.LockRun(dir); err != nil {
			return "", nil, err
		}
		if err := x.WriteIdentity(dir); err != nil {
			return "", lock, err
		}
	}
	if err := x.KeepEncoder(dir); err != nil {
		return "", lock, err
	}
	return dir, lock, experiment.WriteClasses(dir, x.Data.Train)
}

func train(ctx context.Context, x *experiment.Experiment, dir string, resume bool, log io.Writer) (trainer.Summary, error) {
	id, err := x.Identity(dir)
	if err != nil {
		return trainer.Summary{}, err
	}
	pictures, err := board(ctx, x)
	if err != nil {
		return trainer.Summary{}, err
	}
	in := trainer.Inputs{
		Board: pictures, Train: x.Data.Train, Validation: x.Data.Validation,
		Dir: dir, Seed: x.Config.Seed, Resume: resume, Identity: id, Teacher: x.Teacher,
		Workers: x.Config.Workers, Cluster: x.Config.Cluster,
	}
	return x.Graph.Run(ctx, x.Net, in, &progress.Training{W: log, Batch: x.Config.Train.Batch, Watch: watchLosses(x)})
}

// watchLosses watches the objective of x.
func watchLosses(x *experiment.Experiment) progress.LossWatch {
	w := progress.LossWatch{Classes: x.Graph.Model.Classes, Branches: 1}
	if x.Graph.Model.Decode {
		w.Lambda = x.Config.Train.Objective.Lambda
	}
	if x.Graph.Views {
		w.Branches = 2
	}
	return w
}
