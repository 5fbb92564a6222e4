package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
)

type attackOptions struct {
	list    []string
	save    string
	out     string
	json    bool
	catalog bool
	resume  bool
	restart bool
}

const attackHelp = `Attack looks for small changes of test images that change their class. RUN is
a run folder or an export of unwarp. For each image it finds the smallest eps at
which each attack succeeds. Every success is verified by a separate float32
inference. Then it checks whether the evaluation can be trusted.

An attack is written with what differs from its defaults in brackets:
  pgd(steps=100,restarts=5,loss=margin)     eps=.1 .2 gives it its own radii
or is the name of an ensemble:
  standard    AutoAttack: apgd, apgd-t, fab(targets=9), square
  battery     all attacks, the cheap and strong ones first
--list shows all attacks and their keys. Eps is in units of images in [0,1];
8/255 is understood.

An attack runs only on images, and at radii, at which the attacks before it did
not succeed. An attack that fails at a radius is not tried at smaller ones.
--exhaustive runs every attack at every radius on every image.

Ctrl-C keeps what is done; --resume continues from there, with the same results.
The evaluation is RUN/attack/evaluation.json; unwarp report RUN makes a page of
it. An earlier one that measured something else is kept under RUN/earlier.`

const attackExamples = `  unwarp attack runs/glyphs-disentangled-seed1 --eps "8/255 .1"
  unwarp attack RUN --attack standard --images 1000 --eps .3
  unwarp attack RUN --attack "pgd(steps=40,restarts=5)" --exhaustive
  unwarp attack RUN --attack "transfer(from=other)" --source runs/other
  unwarp attack RUN --attack fgsm --eps .2 --save adversarial.npz`

func newAttack() *cobra.Command {
	var o attackOptions
	var f *runFlags
	c := &cobra.Command{
		Use:     "attack RUN",
		Short:   "Attack a trained classifier, check the evaluation, report the results",
		Long:    attackHelp,
		Example: attackExamples,
		Args: func(c *cobra.Command, args []string) error {
			if o.catalog {
				return noArgs(c, args)
			}
			return oneRun(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if o.catalog {
				return report.Catalogue(c.OutOrStdout())
			}
			if o.resume && o.restart {
				return usage(errors.New("--resume and --restart exclude each other"))
			}
			return runAttack(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = addAttackFlags(c, &o)
	return c
}

func addAttackFlags(c *cobra.Command, o *attackOptions) *runFlags {
	f := newRunFlags(c,
		[3]string{"images", "attack.images", "attack the first `N` test images, 0 for all"},
		[3]string{"eps", "attack.eps", "`RADII`, separated by spaces"},
		[3]string{"norm", "attack.norm", "`NORM` of the perturbation: linf, l2 or l1"},
		[3]string{"precision", "attack.precision", "`PRECISION` of gradients: auto, float32 or bfloat16"},
		[3]string{"minutes", "attack.minutes", "stop after `MINUTES`, 0 for no limit"},
		[3]string{"passes", "attack.passes", "stop after `N` forward and backward passes, 0 for no limit"},
		[3]string{"checks", "attack.checks", "check the evaluation on `N` images, 0 for no checks"},
		[3]string{"baseline", "attack.baseline", "compare with the evaluation of the undefended `RUN`"},
		[3]string{"defence", "attack.defence", "put a `DEFENCE` that is known to fail around the model, to show what the checks find: none, quantise, scale or noise"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
	)
	c.Flags().StringArrayVar(&o.list, "attack", nil, "`ATTACK` to run instead of the configured ones; may be repeated")
	c.Flags().StringArrayVar(&f.sources, "source", nil, "`RUN` from which attacks transfer; may be repeated")
	c.Flags().BoolVar(&f.exhaustive, "exhaustive", false, "run every attack at every radius on every image")
	c.Flags().BoolVar(&o.catalog, "list", false, "list all attacks with their keys, and end")
	c.Flags().BoolVar(&o.resume, "resume", false, "continue the interrupted evaluation")
	c.Flags().BoolVar(&o.restart, "restart", false, "discard the interrupted evaluation and start again")
	c.Flags().StringVar(&o.out, "out", "", "write attack/ into `DIR` instead of RUN")
	c.Flags().StringVar(&o.save, "save", "", "save the adversarial images to `FILE`.npz")
	c.Flags().BoolVar(&o.json, "json", false, "print the evaluation as JSON")
	return f
}

func runAttack(ctx context.Context, o attackOptions, f *runFlags, dir string, out, log io.Writer) error {
	f.attacks = o.list
	if err := checkTarget("--save", o.save, ".npz"); err != nil {
		return err
	}
	s, err := f.subject(ctx, dir, log)
	if err != nil {
		return err
	}
	folder, err := evaluationFolder(o.out, s.Source)
	if err != nil {
		return err
	}
	set, err := s.AttackedImages(ctx)
	if err != nil {
		return err
	}
	keep := report.PictureColumns
	if o.save != "" {
		keep = set.Len()
	}
	title, err := s.Title(ctx, experiment.AttackedPart, set.Len())
	if err != nil {
		return err
	}
	if d := s.Config.Attack.Defence; d != "" && d != "none" {
		title += ", behind the defence " + d
	}
	r, err := evaluate(ctx, s, set, keep, evaluation.Options{Title: title, Folder: folder, Resume: o.resume, Restart: o.restart, Log: log})
	if err != nil {
		return err
	}
	if o.save != "" {
		if err := saveExamples(o.save, set, &r, s.Model.Shape()); err != nil {
			return err
		}
		fmt.Fprintf(log, "adversarial images in %s\n", o.save)
	}
	if o.json {
		return writeJSON(out, r)
	}
	fmt.Fprintln(out, title)
	report.PrintAttacks(out, &r, columns(out))
	fmt.Fprintf(out, "\n%s makes a page of it.\n", shell.Unwarp("report", shell.Operand(folder)))
	return nil
}

// evaluate attacks set; where it is interrupted the error says how to continue.
func evaluate(ctx context.Context, s *experiment.Subject, set attacks.Images, keep int, o evaluation.Options) (report.Record, error) {
	e, err := evaluation.New(s, keep)
	if err != nil {
		return report.Record{}, err
	}
	defer e.Close()
	r, err := e.Run(ctx, set, o)
	var kept experiment.InterruptedError
	if errors.As(err, &kept) {
		err = experiment.InterruptedError(fmt.Sprintf("%s: continue with %s and the same flags", kept, shell.Unwarp("attack", shell.Operand(s.Source.Path()), "--resume")))
	}
	return r, err
}

// evaluationFolder makes the folder that takes attack/: out, or where that is
// "" the source's own.
func evaluationFolder(out string, src experiment.Source) (string, error) {
	folder := out
	if folder == "" {
		if folder = src.Results(); folder == "" {
			return "", noResults("attack", src.Path(), "a folder for the result with --out")
		}
	} else if at, err := experiment.OpenSource(folder, ""); err == nil && at.Results() == "" {
		return "", noResults("--out", folder, "another folder")
	}
	if err := os.MkdirAll(filepath.Join(folder, report.AttackDir), 0o777); err != nil {
		return "", notWritten("--out", folder, err)
	}
	return folder, nil
}

func saveExamples(path string, set attacks.Images, r *report.Record, sh pipelines.Shape) error {
	raw, err := evaluation.EncodeExamples(set, &r.Evaluation, sh)
	if err != nil {
		return notWritten("--save", path, err)
	}
	return writeFile("--save", path, raw)
}
