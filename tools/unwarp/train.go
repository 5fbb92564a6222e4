package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/config"
	"unwarp/tools/internal/experiment"
	"unwarp/trainer"
)

type trainOptions struct {
	file   string
	set    []string
	resume string
}

func newTrain() *cobra.Command {
	var o trainOptions
	c := &cobra.Command{
		Use:  "train",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runTrain(c.Context(), o) },
	}
	c.Flags().StringVarP(&o.file, "config", "c", "", "YAML file")
	c.Flags().StringArrayVar(&o.set, "set", nil, "key=value")
	c.Flags().StringVar(&o.resume, "resume", "", "run folder")
	return c
}

func runTrain(ctx context.Context, o trainOptions) error {
	var c config.Config
	var err error
	if o.resume != "" {
		c, err = experiment.ReadFolder(o.resume)
	} else {
		c, err = config.Load(config.Default(), config.Source{File: o.file, Set: o.set})
	}
	if err != nil {
		return usage(err)
	}
	x, err := experiment.Train(c)
	if err != nil {
		return err
	}
	defer x.Close()
	dir := o.resume
	if dir == "" {
		if dir, err = experiment.NewFolder(c); err != nil {
			return err
		}
	}
	id, err := x.Identity()
	if err != nil {
		return err
	}
	s, err := x.Plan.Run(ctx, x.Net, trainer.Inputs{Train: x.Data.Train, Validation: x.Data.Validation, Dir: dir, Seed: c.Seed, Resume: o.resume != "", Identity: id}, &lines{})
	if err != nil {
		return err
	}
	e, err := x.Plan.Evaluate(ctx, x.Net, x.Data.Test)
	if err != nil {
		return err
	}
	fmt.Printf("%s test accuracy %.4f loss %.4f rec %.4f; %.1f s %.0f images/s\n", dir, e.Accuracy, e.Loss, e.Reconstruction, s.Seconds, s.ImagesPerSecond)
	set, err := x.Attacked(ctx)
	if err != nil {
		return err
	}
	t := time.Now()
	rep, err := x.Engine.Run(ctx, x.Net, set, nil)
	if err != nil {
		return err
	}
	for _, o := range rep.Outcomes {
		fmt.Printf("%-40s eps %.2f error %5.1f success %5.1f changed %5.1f invalid %d %s\n", o.Attack, o.Eps, 100*o.Error(), 100*o.Success(), 100*o.Change(), o.Invalid, o.Weak)
	}
	fmt.Println(time.Since(t), rep.Forward, rep.Backward)
	return nil
}

type lines struct{}

func (lines) Began(trainer.Progress) {}
func (lines) Stepped(p trainer.Progress) {
	if p.Step%50 == 0 {
		fmt.Fprintf(os.Stderr, "step %d/%d loss %.4f ce %.4f rec %.4f %.0f images/s\n", p.Step, p.Steps, p.Losses.Total, p.Losses.Classification, p.Losses.Reconstruction, p.ImagesPerSecond)
	}
}
func (lines) Evaluated(p trainer.Progress, e trainer.Evaluation) {
	fmt.Fprintf(os.Stderr, "validation %.4f loss %.4f\n", e.Accuracy, e.Loss)
}
func (lines) Saved(trainer.Progress, []string)                       {}
func (lines) Ended(trainer.Progress, trainer.Summary, error)          {}
