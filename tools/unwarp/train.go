package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/trainer"
)

type trainOptions struct {
	resume string
	json   bool
}

func newTrain() *cobra.Command {
	var o trainOptions
	var f *configFlags
	c := &cobra.Command{
		Use:   "train",
		Short: "Train a classifier, evaluate it, attack it, export it",
		Long: `Train trains a classifier, evaluates it on the test images, attacks it, exports
it, and ends with a summary in plain words. Without a configuration it trains
the disentangled classifier on the embedded glyphs.

Ctrl-C ends training after the current step and saves a checkpoint;
--resume goes on from there, and the weights come out as if nothing had
happened. The run folder holds:
  config.yaml      the resolved configuration
  metrics.jsonl    losses and evaluations; events/ the same for TensorBoard
  checkpoints/     last and best (by validation accuracy)
  pictures/        inputs, canonical images, reconstructions, adversarial images
  export/          the SavedModel
  classes.txt      the names of the classes, where the set has them
  summary.json     everything that the summary says`,
		Example: `  unwarp train
  unwarp train --config tools/configs/mnist-disentangled.yaml --seed 2
  unwarp train --set train.duration=500st --set model.kind=base
  unwarp train --set 'train.augment=deform(stretch=1..3,shift=1..3)'
  unwarp train --resume runs/glyphs-disentangled-seed1`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.resume != "" && c.Flags().Changed("run") {
				return usage(errors.New("--run and --resume exclude each other: --resume names the run folder"))
			}
			return runTrain(c.Context(), o, f, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newConfigFlags(c,
		[3]string{"run", "run", "run folder, `DIR`; default a free name under runs/"},
		[3]string{"seed", "seed", "`SEED` of weights, order, augmentation and dropout"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
		[3]string{"threads", "threads", "`N` threads within one op, 0 for all cores"},
	)
	c.Flags().StringVar(&o.resume, "resume", "", "go on with the interrupted run in `DIR`")
	c.Flags().BoolVar(&o.json, "json", false, "print summary.json instead of the summary")
	return c
}

func runTrain(ctx context.Context, o trainOptions, f *configFlags, out, log io.Writer) error {
	base := config.Default()
	if o.resume != "" {
		var err error
		if base, err = experiment.ReadFolder(o.resume); err != nil {
			return usage(err)
		}
	}
	c, err := f.load(base)
	if err != nil {
		return err
	}
	s, err := trainRun(ctx, c, o.resume, log)
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, s)
	}
	s.Print(out, columns(out))
	return nil
}

// trainRun trains what c says in a new run folder, or goes on in the folder
// resume, and does what follows training.
func trainRun(ctx context.Context, c config.Config, resume string, log io.Writer) (report.Summary, error) {
	s := report.Summary{Version: version(), Config: c}
	x, err := experiment.Train(ctx, c)
	if err != nil {
		return s, err
	}
	defer x.Close()
	c = x.Config // with what the training set had to tell
	s.Config = c
	if n := x.Data.Train.Len(); c.Train.Batch > n {
		return s, usage(fmt.Errorf("train.batch: want at most the %d training images, got %d", n, c.Train.Batch))
	}
	dir := resume
	if dir == "" {
		if dir, err = experiment.NewFolder(c); errors.Is(err, experiment.ErrTaken) {
			return s, usage(err)
		} else if err != nil {
			return s, err
		}
	}
	if err := experiment.WriteClasses(dir, x.Data.Train); err != nil {
		return s, err
	}
	if s.DataHash, err = experiment.Fingerprint(x.Data.Train); err != nil {
		return s, err
	}
	fmt.Fprintf(log, "run folder %s\n", dir)
	s.Run = dir
	if s.Training, err = train(ctx, x, dir, resume != "", log); err != nil {
		if errors.Is(err, trainer.ErrInterrupted) {
			return s, fmt.Errorf("%w: unwarp train --resume %s", err, dir)
		}
		return s, err
	}
	err = conclude(ctx, x, &s, log)
	if errors.Is(err, context.Canceled) {
		return s, interrupted("interrupted after the training, which is saved: to evaluate, attack and export: unwarp train --resume " + dir)
	}
	return s, err
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
	return x.Plan.Run(ctx, x.Net, in, &progress.Training{W: log, Batch: x.Config.Train.Batch})
}

// conclude does what follows training: test, attacks, pictures, export,
// summary.json.
func conclude(ctx context.Context, x *experiment.Experiment, s *report.Summary, log io.Writer) error {
	var err error
	if s.Test, err = x.Plan.Evaluate(ctx, x.Net, x.Data.Test); err != nil {
		return err
	}
	set, err := x.Attacked(ctx)
	if err != nil {
		return err
	}
	var r *report.Record
	if len(x.Config.Attack.Attacks) > 0 {
		if r, err = attackTrained(ctx, x, set, s.Run, log); err != nil {
			return err
		}
		f := report.Derive(r)
		s.Attacks = &f
	}
	if s.Pictures, err = pictures(x, s.Run, set, r); err != nil {
		return err
	}
	e, err := x.Plan.WriteSavedModel(x.Net, filepath.Join(s.Run, "export"), x.Config.Export, nil)
	if err != nil {
		return err
	}
	e.Path = filepath.Join(s.Run, "export")
	s.Export, s.Finished = &e, time.Now().UTC()
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return trainer.WriteFile(filepath.Join(s.Run, "summary.json"), append(raw, '\n'))
}

// attackTrained runs the configured attacks in full, each at every radius: after
// a training they are few. The checks are left to unwarp attack.
func attackTrained(ctx context.Context, x *experiment.Experiment, set attacks.Set, dir string, log io.Writer) (*report.Record, error) {
	x.Config.Attack.Exhaustive, x.Config.Attack.Checks = true, 0
	b, err := openBattery(x, dir, trainer.Last, report.Columns)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	ev, err := attack(ctx, b, set, nil, log)
	if err != nil {
		return nil, err
	}
	r := record(x, b, set, ev, dir, trainer.Last)
	return &r, report.Save(dir, r, report.Kept(set, ev, x.Plan.Shape))
}

func pictures(x *experiment.Experiment, dir string, set attacks.Set, r *report.Record) ([]string, error) {
	if err := os.MkdirAll(filepath.Join(dir, report.PicturesDir), 0o755); err != nil {
		return nil, fmt.Errorf("pictures: %w", err)
	}
	var paths []string
	if x.Plan.Model.Decode {
		few := set.Pixels[:min(report.Columns, set.Len())*x.Plan.Shape.Len()]
		d, err := x.Plan.Decode(x.Net, few)
		if err != nil {
			return nil, err
		}
		p, err := report.Reconstructions(dir, few, d, x.Plan.Shape)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	if r != nil {
		p, err := report.Adversarial(dir, set, &r.Evaluation, x.Plan.Shape)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, nil
}
