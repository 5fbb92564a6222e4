package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
)

type mergeOptions struct {
	attackOptions // of which only some have a flag here
	model         string
}

func newAttackMerge() *cobra.Command {
	var o mergeOptions
	var f *runFlags
	c := &cobra.Command{
		Use:   "merge DIR...",
		Short: "Join the shards of an evaluation",
		Long: `Merge joins what unwarp attack --shard K/N left in folders into one evaluation,
with the checks. Each DIR is the folder of a shard, or a folder that holds
shards: a run folder, for example. Shards may have been computed on other
machines and copied.

The evaluation equals that of a command without --shard to the last bit, but for
date, times, machine and command. Missing, double and unfinished shards, and
those of another model, other images, settings or versions are named, a line
each, and nothing is written.

The shards say what was attacked, with which settings. --run names the model
where it has moved, --set data.path=DIR the images. The shards stay as they are.`,
		Example: `  unwarp attack merge runs/mnist-base-seed1
  unwarp attack merge shards/a/shard-1-of-2 shards/b/shard-2-of-2 --out RUN
  unwarp attack merge RUN --checks 200 --baseline runs/undefended`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("merge: want folders of shards, or a run folder that holds them, got none: name them")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return runMerge(c.Context(), o, f, args, c.OutOrStdout(), c.ErrOrStderr())
		},
		ValidArgsFunction: completeRuns,
	}
	f = &runFlags{configFlags: newConfigFlags(c,
		[3]string{"checks", "attack.checks", "check the evaluation on `N` images, 0 for no checks"},
		[3]string{"baseline", "attack.baseline", "compare with the evaluation of the undefended `RUN`"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
	)}
	c.Flags().StringVar(&o.model, "run", "", "the model that was attacked, where it is no longer in the folder that the shards name: `RUN`")
	c.Flags().StringVar(&o.out, "out", "", "write attack/ into `DIR` instead of the run folder")
	c.Flags().StringVar(&o.save, "save", "", "save the adversarial images to `FILE`.npz, where the shards were made with --save")
	c.Flags().BoolVar(&o.json, "json", false, "print the evaluation as JSON")
	addRequireFlag(c, f)
	addBundleFlags(c, &o.bundle)
	return c
}

func runMerge(ctx context.Context, o mergeOptions, f *runFlags, dirs []string, out, log io.Writer) error {
	if err := checkTarget("--save", o.save, ".npz"); err != nil {
		return err
	}
	if err := o.bundle.checkFlags(attacks.Shard{}); err != nil {
		return err
	}
	shards, problems := evaluation.OpenShards(dirs)
	if len(problems) > 0 {
		return refuseShards(problems, log)
	}
	first := shards[0]
	s, err := f.shardSubject(ctx, o.model, first.Shard, log)
	if err != nil {
		return err
	}
	set, err := s.AttackedImages(ctx)
	if err != nil {
		return err
	}
	if o.save+o.bundle.file != "" && first.Keep < set.Len() {
		return usage(fmt.Errorf("--save, --bundle: the shards hold the examples of the first %d images: attack them with --save too", first.Keep))
	}
	if err := o.bundle.check([]threatJob{{subject: s}}); err != nil {
		return err
	}
	folder, err := evaluationFolder(o.out, s.Source)
	if err != nil {
		return err
	}
	if folder, err = threatFolder(folder, s.Config.Attack); err != nil {
		return err
	}
	title, err := attackTitle(ctx, s, set)
	if err != nil {
		return err
	}
	if err := usage(config.CheckRequirements(s.Config.Attack)); err != nil {
		return err
	}
	e, err := evaluation.New(ctx, s, first.Keep)
	if err != nil {
		return err
	}
	defer e.Close()
	options := evaluation.Options{Title: title, Folder: folder, Log: log, Export: o.bundle.exporter(s, e, set, log)}
	r, err := e.Merge(ctx, set, shards, options)
	if err != nil {
		return namedShards(err, log)
	}
	if o.save != "" {
		if err := saveExamples(o.save, set, &r.Evaluation, s.Model.Shape()); err != nil {
			return err
		}
		fmt.Fprintf(log, "adversarial images in %s\n", o.save)
	}
	return o.print(threatResult{title: title, record: &r}, folder, out, log)
}

// print prints the result, which lies in folder. It is an error where a requirement is
// not met.
func (o mergeOptions) print(r threatResult, folder string, out, log io.Writer) error {
	if o.json {
		printRequirements(log, r.record)
		return errors.Join(writeJSON(out, *r.record), refuseUnmet(r.record))
	}
	r.print(out)
	fmt.Fprintf(out, "\n%s makes a page of it.\n", shell.Unwarp("report", shell.Operand(folder)))
	return refuseUnmet(r.record)
}

// refuseShards names what is amiss with shards, a line each.
func refuseShards(problems []string, log io.Writer) error {
	for _, p := range problems {
		fmt.Fprintln(log, printable.Text(p))
	}
	if len(problems) == 1 {
		return usage(fmt.Errorf("merge: %s", problems[0]))
	}
	return usage(fmt.Errorf("merge: %d problems with the shards, a line each above; nothing was written", len(problems)))
}

// namedShards is an error of several shards as [refuseShards] words it.
func namedShards(err error, log io.Writer) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var problems []string
	for _, one := range joined.Unwrap() {
		problems = append(problems, one.Error())
	}
	return refuseShards(problems, log)
}

// shardSubject opens the model and the data that a shard was made with. model is
// where the model lies now, "" where it has not moved.
func (f *runFlags) shardSubject(ctx context.Context, model string, s evaluation.Shard, log io.Writer) (*experiment.Subject, error) {
	if model == "" {
		if model = s.Model; !exists(model) {
			return nil, usage(fmt.Errorf("%s: the model that shard %s attacked is not there: name it with --run", model, s.Which))
		}
	}
	src, err := experiment.OpenSource(model, s.Checkpoint)
	if err != nil {
		return nil, usage(err)
	}
	base, err := s.ReadConfig()
	if err != nil {
		return nil, err
	}
	if len(f.require) > 0 {
		base.Attack.Require = f.require
	}
	c, err := f.load(experiment.RelocateEncoder(src, base))
	if err != nil {
		return nil, err
	}
	subject, err := experiment.OpenSubject(ctx, src, c)
	if err == nil {
		subject.OtherData, subject.AllowTrained = s.OtherData, s.AllowTrained
	}
	return subject, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
