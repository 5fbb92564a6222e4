package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
)

type certifyOptions struct {
	out     string
	from    []string
	shard   string
	json    bool
	radius  bool
	catalog bool
	resume  bool
	restart bool
	eps     bool // given as a flag
	sizes   bool // given as a flag
	vnnlib  evaluation.Exchange
}

const certifyHelp = `Certify proves of single test images that no change within eps alters their
class. Each image is then proven, broken (an example is known) or open, and the
share of images that stay right lies between two bounds, which no stronger
attack can overturn. RUN is a run folder or an export of unwarp.

Methods, from the fastest to the tightest; each begins with those before it:
  ibp               intervals; for models that were trained for them
  crown-ibp         linear bounds over these intervals
  crown             linear bounds throughout
  alpha-crown       their slopes optimised (the default)
  branch-and-bound  unstable ReLUs split: branch-and-bound(seconds=60)
For images of few values, in linf:
  input-split       the box of images split: input-split(by=ibp,seconds=60)
In l2, of any model, also one that the others refuse:
  smooth            smooth(sigma=.25,n=10000): of the class that the model gives
                    most often under noise, with a probability of 1-alpha; for
                    models that were trained with train.noise
Of geometric threats (--threat "rotate(30)"), cells: the parameters are split
until all parts are proven, or an example is found; cells(by=crown,seconds=120).
What differs from a method's defaults stands in brackets; --list shows all keys.
What is proven at one eps holds at all smaller ones; an image that is not proven
at one is not tried at larger ones. Models with operations that have no bounds
are refused at once, with their names.

The proofs are added to RUN/attack/evaluation.json. Where that holds an
evaluation of the same model and images, its examples count: what is broken need
not be proven. unwarp attack --certify does both at once. Proofs of the same
model and images that are there already are not made again.

--vnnlib DIR writes what stays open in linf for other verifiers: the classifier
as an ONNX file, each case as a VNN-LIB file, and instances.csv, their list.

--require "linf .1 proven >= 50%" ends with exit code 5 where fewer are proven
(unwarp attack --help).

Ctrl-C keeps what is done; --resume continues from there.
` + foreignHelp

const certifyExamples = `  unwarp certify RUN --eps ".1 .3"
  unwarp certify RUN --method ibp --images 0 --eps .3
  unwarp certify RUN --method "branch-and-bound(seconds=60)" --minutes 30
  unwarp certify RUN --threat "rotate(30)" --sizes "5 10 30" --images 100
  unwarp certify RUN --norm l2 --eps .5 --radius
  unwarp certify RUN --norm l2 --eps ".25 .5" --method "smooth(sigma=.25)"
  unwarp certify RUN --eps .1 --vnnlib open
  unwarp certify RUN --eps .1 --require "linf .1 proven >= 50%"
  unwarp certify RUN --shard 1/4 --out shard1
  unwarp certify RUN --from shard1 --from shard2 --from shard3 --from shard4`

func newCertify() *cobra.Command {
	var o certifyOptions
	var f *runFlags
	c := &cobra.Command{
		Use:        "certify RUN",
		SuggestFor: []string{"verify", "prove"},
		Short:      "Prove of which images no change within eps alters the class",
		Long:       certifyHelp,
		Example:    certifyExamples,
		Args: func(c *cobra.Command, args []string) error {
			if o.catalog {
				return noArgs(c, args)
			}
			return oneRun(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if o.catalog {
				return report.MethodCatalogue(c.OutOrStdout())
			}
			if o.resume && o.restart {
				return usage(errors.New("--resume and --restart exclude each other"))
			}
			o.eps, o.sizes = c.Flags().Changed("eps"), c.Flags().Changed("sizes")
			return runCertify(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c,
		[3]string{"images", "attack.images", "prove the first `N` test images, 0 for all"},
		[3]string{"eps", "attack.eps", "`RADII`, separated by spaces"},
		[3]string{"threat", "attack.threat", "`THREAT`: a norm, or a geometric one such as rotate(30), rotate+translate(30,3px) or field(1px)"},
		[3]string{"sizes", "attack.sizes", "`SIZES` of a geometric threat in its unit, separated by spaces"},
		[3]string{"norm", "attack.norm", "`NORM` of the change: linf, l2 or l1"},
		[3]string{"method", "attack.certify", "`METHOD`: ibp, crown-ibp, crown, alpha-crown, branch-and-bound, input-split or smooth; cells for geometric threats"},
		[3]string{"minutes", "attack.minutes", "stop after `MINUTES`, 0 for no limit"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
	)
	f.addModelFlags(c)
	c.Flags().BoolVar(&o.radius, "radius", false, "search the largest eps proven of each image, by bisection")
	c.Flags().StringVar(&o.shard, "shard", "", "prove one part of the images, `K/N`; --from puts the parts together")
	c.Flags().StringArrayVar(&o.from, "from", nil, "take over the proofs of the same model and images in `DIR`; may be repeated")
	c.Flags().BoolVar(&o.catalog, "list", false, "list all methods with their keys, and end")
	c.Flags().StringVar(&o.vnnlib.Dir, "vnnlib", "", "write the open cases for other verifiers into `DIR`")
	c.Flags().Float64Var(&o.vnnlib.Seconds, "vnnlib-seconds", 300, "`SECONDS` that instances.csv allows for a case")
	c.Flags().BoolVar(&o.resume, "resume", false, "continue the interrupted proofs")
	c.Flags().BoolVar(&o.restart, "restart", false, "discard the interrupted proofs and start again")
	c.Flags().StringVar(&o.out, "out", "", "write attack/ into `DIR` instead of RUN; an export needs it")
	c.Flags().BoolVar(&o.json, "json", false, "print the evaluation with its proofs as JSON")
	addRequireFlag(c, f)
	return c
}

func runCertify(ctx context.Context, o certifyOptions, f *runFlags, dir string, out, log io.Writer) error {
	if !(o.vnnlib.Seconds > 0) || math.IsInf(o.vnnlib.Seconds, 0) {
		return usage(fmt.Errorf("--vnnlib-seconds: want a positive number, got %g", o.vnnlib.Seconds))
	}
	shard, err := attacks.ParseShard(o.shard)
	if err != nil {
		return usage(fmt.Errorf("--shard: %w", err))
	}
	s, err := f.subject(ctx, dir, log)
	if err != nil {
		return err
	}
	if err := refuseCorruptions(s.Config.Attack); err != nil {
		return err
	}
	if err := o.checkSizes(s.Config.Attack); err != nil {
		return err
	}
	c := s.Config.Attack
	c.Certify = c.ProofMethod()
	if err := usage(config.CheckRequirements(c)); err != nil {
		return err
	}
	e, err := evaluation.NewCertifier(s, o.vnnlib)
	if err != nil {
		return err
	}
	defer e.Close()
	folder, err := evaluationFolder(o.out, s.Source)
	if err != nil {
		return err
	}
	if folder, err = threatFolder(folder, s.Config.Attack); err != nil {
		return err
	}
	set, err := s.AttackedImages(ctx)
	if err != nil {
		return err
	}
	title, err := certifyTitle(ctx, s, set.Len(), shard)
	if err != nil {
		return err
	}
	r, err := e.Certify(ctx, set, evaluation.Options{Title: title, Folder: folder, Resume: o.resume, Restart: o.restart, Radius: o.radius, Shard: shard, From: o.from, Log: log})
	var kept experiment.InterruptedError
	if errors.As(err, &kept) {
		return experiment.InterruptedError(fmt.Sprintf("%s: continue with %s and the same flags", kept, shell.Unwarp("certify", shell.Operand(dir), "--resume")))
	}
	if err != nil {
		return err
	}
	if o.json {
		printRequirements(log, &r)
		return errors.Join(writeJSON(out, r), refuseUnmet(&r))
	}
	fmt.Fprintln(out, title)
	report.PrintAttacks(out, &r, columns(out))
	fmt.Fprintf(out, "\n%s makes a page of it.\n", shell.Unwarp("report", shell.Operand(folder)))
	return refuseUnmet(&r)
}

// certifyTitle names what is proven.
func certifyTitle(ctx context.Context, s *experiment.Subject, images int, shard attacks.Shard) (string, error) {
	title, err := attackedTitle(ctx, s, images)
	if !shard.IsWhole() {
		title += ", shard " + shard.String()
	}
	return title, err
}

// checkCertifyArgs says how a method is given to unwarp attack --certify: with a
// space before it, it is taken for a run.
func checkCertifyArgs(args []string) error {
	if len(args) < 2 {
		return nil
	}
	for _, a := range args {
		if _, known := certify.About(a); known {
			return fmt.Errorf("--certify %s: want --certify=%s, without a space", a, a)
		}
	}
	return nil
}
