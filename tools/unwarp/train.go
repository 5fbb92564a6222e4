package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/training"
)

type trainOptions struct {
	resume   string
	findRate bool
	dryRun   bool
	json     bool
}

func newTrain() *cobra.Command {
	var o trainOptions
	var f *configFlags
	c := &cobra.Command{
		Use:        "train",
		SuggestFor: []string{"fit", "learn"},
		Short:      "Train a classifier, evaluate it, attack it, export it",
		Long: `Train trains a classifier, evaluates it on the test images, attacks it, exports
it, and prints a summary. Without a configuration it trains the disentangled
classifier on the embedded glyphs.

Ctrl-C, a closed terminal (SIGHUP) and SIGTERM end training after the current
step and save a checkpoint; --resume continues from there, with the same weights
at the end. One training at a time writes into a run folder, which holds:
  config.yaml      the resolved configuration
  identity.json    configuration and data as they were; every command compares
  metrics.jsonl    losses, accuracies and evaluations; events/ the same with
                   pictures and hyper-parameters for TensorBoard
  checkpoints/     last and best (by validation accuracy; with an adversary
                   under attack, with certified training that verified);
                   what follows takes best where there is one
  pictures/        curves, confusion matrix, worst mistakes, reconstructions,
                   adversarial images
  export/          the SavedModel
  classes.txt      the names of the classes, where the set has them
  summary.json     the summary for programs`,
		Example: `  unwarp train
  unwarp train --data photos --epochs 20
  unwarp train --data photos --find-rate
  unwarp train --config tools/configs/mnist-disentangled.yaml --seed 2
  unwarp train --preset robust --set data.path=data/mnist
  unwarp train --set train.duration=500st --set model.kind=base
  unwarp train --set 'train.augment=deform(stretch=1..3,shift=1..3)'
  unwarp train --workers 10.0.0.2:7077,10.0.0.3:7077 --elastic
  unwarp train --data photos --set data.size=224 --dry-run
  unwarp train --resume runs/glyphs-disentangled-seed1`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.check(c.Flags().Changed("run"), f); err != nil {
				return usage(err)
			}
			return runTrain(c.Context(), o, f, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newConfigFlags(c,
		[3]string{"run", "run", "run folder, `DIR`; default a free name under runs/"},
		[3]string{"seed", "seed", "`SEED` of weights, order, augmentation and dropout"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
		[3]string{"devices", "devices", "several `DEVICES`: cpu:2 or gpu:0,gpu:1"},
		[3]string{"workers", "workers", "several machines, `HOST:PORT,HOST:PORT`; see unwarp worker"},
		[3]string{"threads", "threads", "`N` threads within one op, 0 for all cores"},
	)
	f.addTrainingFlags(c)
	f.addPreset(c)
	c.Flags().StringVar(&o.resume, "resume", "", "continue the interrupted run in `DIR`")
	c.Flags().BoolVar(&o.findRate, "find-rate", false, "try learning rates from 1e-5 to 1 in 150 steps, suggest one, draw the curve, and end")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "try 20 steps, say what the training takes, and write nothing")
	c.Flags().BoolVar(&o.json, "json", false, "print summary.json instead of the summary")
	return c
}

// check refuses flags that exclude each other; named is whether --run is given.
func (o trainOptions) check(named bool, f *configFlags) error {
	switch {
	case o.dryRun && o.findRate:
		return errors.New("--dry-run and --find-rate exclude each other: either ends before a training")
	case o.dryRun && o.resume != "":
		return errors.New("--dry-run and --resume exclude each other: unwarp model RUN says what the training of a run takes")
	case o.resume != "" && named && !o.findRate:
		return errors.New("--run and --resume exclude each other: --resume names the run folder")
	case o.resume != "" && f.preset != "":
		return errPresetResumed
	case o.findRate && (o.resume != "" || named):
		return errors.New("--find-rate makes no run: leave --run and --resume out, and train with the rate it finds")
	}
	return nil
}

func runTrain(ctx context.Context, o trainOptions, f *configFlags, out, log io.Writer) error {
	base := config.Default()
	if o.resume != "" {
		var err error
		if base, err = experiment.ReadFolder(o.resume); err != nil {
			return usage(err)
		}
		f.preset = noPreset // the run has its configuration
	}
	c, err := f.load(base)
	if err != nil {
		return err
	}
	var remarks []string
	if f.remark != nil {
		remarks = append(remarks, f.remark(c))
	}
	if o.findRate {
		return findRate(ctx, o, c, remarks, out, log)
	}
	if o.dryRun {
		return dryRun(ctx, o, c, remarks, out, log)
	}
	s, err := training.Run(ctx, c, o.resume, log, remarks...)
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, s)
	}
	s.Print(out, columns(out))
	return nil
}

// findRate makes a learning-rate range test in place of a training.
func findRate(ctx context.Context, o trainOptions, c config.Config, remarks []string, out, log io.Writer) error {
	f, err := training.FindRate(ctx, c, log, remarks...)
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, f)
	}
	f.Print(out)
	return nil
}

// dryRun prints what a training takes.
func dryRun(ctx context.Context, o trainOptions, c config.Config, remarks []string, out, log io.Writer) error {
	m, err := training.DryRun(ctx, c, log, remarks...)
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, m)
	}
	m.Print(out, columns(out))
	return nil
}
