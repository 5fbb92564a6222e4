package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/shell"
)

type attackOptions struct {
	list    []string
	threats []string
	save    string
	bundle  bundleOptions
	out     string
	json    bool
	catalog bool
	resume  bool
	restart bool
	shard   string
}

const attackHelp = `Attack looks for small changes of test images that change their class. RUN is
a run folder or an export of unwarp. For each image it finds the smallest eps at
which each attack succeeds. Every success is verified by a separate float32
inference. Then it checks whether the evaluation can be trusted.

--threat says what may change. Each threat has an evaluation of its own:
  linf, l2, l1                changes of pixel values; --eps are the radii
  rotate(30), scale(.1), shear(.1), translate(3px), translate(3px,whole)
  rotate+translate(30,3px)    a sum of these
  field(2px,smooth)           each pixel displaced on its own
  corruption                  accuracy by kind and severity; no attacks
--sizes are degrees, pixels or shares of a geometric threat. Its evaluation is
RUN/threats/KIND/attack/evaluation.json.

An attack is written with what differs from its defaults in brackets:
  pgd(steps=100,restarts=5,loss=margin)     eps=.1 .2 gives it its own radii
or is the name of an ensemble:
  standard    AutoAttack: apgd, apgd-t, fab(targets=9), square
  quick       apgd(loss=probability-margin), malt(targets=2),
              square(queries=1000,rescale=yes): nearly standard, in less time
  battery     nearly all attacks on norms, the cheap and strong ones first
--list shows all attacks and their keys. Eps is in units of images in [0,1];
8/255 is understood.

An attack runs only on images, and at radii, at which the attacks before it did
not succeed. An attack that fails at a radius is not tried at smaller ones.
--exhaustive runs every attack at every radius on every image.

--certify, or --certify=METHOD, proves first of which images no change alters
the class (unwarp certify --help). They are not attacked, since nothing can be
found. The report then bounds the share of images that stay right from both
sides.

--shard 2/8 attacks the second of eight parts of the images, into
RUN/attack/shard-2-of-8; unwarp attack merge RUN joins all of them into the
evaluation that one command would have made. Shards may run on other machines.

` + requireHelp + `

--lattice 255 counts an example only if it is an 8-bit image: what an attack
claims is rounded to values k/255 within eps, and repaired where rounding takes
it back over the boundary. The report says how many examples that has cost.

--bundle writes one file with the examples, the originals, proofs, settings,
seeds, versions, hashes and figures; unwarp verify recomputes all of it.

Ctrl-C keeps what is done; --resume continues from there, with the same results.
The evaluation is RUN/attack/evaluation.json; unwarp report RUN makes a page of
it. Nothing is written into an export: it needs --out DIR. An earlier evaluation
that measured something else is kept under RUN/earlier.
` + foreignHelp + `
Its gradient is first compared with central differences. Where they differ, or
where there is no gradient, attacks that follow it are left out; those on scores
and decisions run. Where the output is the number of a class, the scores before
it are taken; if there are none, attacks on decisions alone run. The evaluation
is written into runs/NAME-attack unless --out says otherwise.`

const attackExamples = `  unwarp attack runs/glyphs-disentangled-seed1 --eps "8/255 .1"
  unwarp attack RUN --attack standard --images 1000 --eps .3
  unwarp attack RUN --attack "pgd(steps=40,restarts=5)" --exhaustive
  unwarp attack RUN --attack "transfer(from=other)" --source runs/other
  unwarp attack RUN --attack fgsm --eps .2 --save adversarial.npz
  unwarp attack RUN --threat "rotate(30)" --sizes "5 10 30"
  unwarp attack RUN --threat "translate(3px,whole)" --threat corruption
  unwarp attack RUN --corruptions CIFAR-10-C --baseline runs/other
  unwarp attack RUN --attack standard --certify=branch-and-bound --eps .1
  unwarp attack RUN --attack standard --shard 2/8 --resume
  unwarp attack RUN --attack standard --eps .1 --require "linf .1 >= 70%"
  unwarp attack RUN --attack standard --eps 8/255 --lattice 255
  unwarp attack RUN --attack standard --eps .1 --bundle evidence.zip`

func newAttack() *cobra.Command {
	var o attackOptions
	var f *runFlags
	c := &cobra.Command{
		Use:        "attack RUN",
		SuggestFor: []string{"adversarial", "break"},
		Short:      "Attack a trained classifier, check the evaluation, report the results",
		Long:       attackHelp,
		Example:    attackExamples,
		Args: func(c *cobra.Command, args []string) error {
			if o.catalog {
				return noArgs(c, args)
			}
			if err := checkCertifyArgs(args); err != nil {
				return err
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
	c.AddCommand(newAttackMerge())
	return c
}

func addAttackFlags(c *cobra.Command, o *attackOptions) *runFlags {
	f := newRunFlags(c,
		[3]string{"images", "attack.images", "attack the first `N` test images, 0 for all"},
		[3]string{"eps", "attack.eps", "`RADII`, separated by spaces"},
		[3]string{"sizes", "attack.sizes", "`SIZES` of a geometric threat, separated by spaces: degrees, pixels or shares"},
		[3]string{"corruptions", "attack.corruptions", "measure on the corrupted images in `DIR`, as MNIST-C and CIFAR-10-C come"},
		[3]string{"lattice", "attack.lattice", "count examples only whose values are k/`L`: 255 for 8-bit images"},
		[3]string{"norm", "attack.norm", "`NORM` of the perturbation: linf, l2 or l1"},
		[3]string{"precision", "attack.precision", "`PRECISION` of gradients: auto, float32 or bfloat16"},
		[3]string{"minutes", "attack.minutes", "end the attacks after `MINUTES`, 0 for no limit; the checks come after it"},
		[3]string{"passes", "attack.passes", "end the attacks after `N` forward and backward passes, 0 for no limit; the checks come after it"},
		[3]string{"checks", "attack.checks", "check the evaluation on `N` images, 0 for no checks"},
		[3]string{"certify", "attack.certify", "first prove what can be proven, by a `METHOD` of unwarp certify; proven images are not attacked"},
		[3]string{"baseline", "attack.baseline", "compare with the evaluation of the undefended `RUN`"},
		[3]string{"defence", "attack.defence", "put a `DEFENCE` that is known to fail around the model, to show what the checks find: quantise, scale, noise, bits, jpeg, tv, sap"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
		[3]string{"workers", "workers", "several machines compute the attacks, `HOST:PORT,HOST:PORT`; see unwarp worker"},
	)
	f.addElasticFlag(c)
	f.addModelFlags(c)
	c.Flags().Lookup("certify").NoOptDefVal = config.AutoProof
	c.Flags().StringArrayVar(&o.list, "attack", nil, "`ATTACK` to run instead of the configured ones; may be repeated")
	c.Flags().StringArrayVar(&o.threats, "threat", nil, "what may change, `THREAT`: linf, l2, l1, rotate(30), translate(3px), field(2px,smooth), corruption …; may be repeated (configuration: attack.threat)")
	c.Flags().StringArrayVar(&f.sources, "source", nil, "`RUN` from which attacks transfer; may be repeated")
	c.Flags().BoolVar(&f.exhaustive, "exhaustive", false, "run every attack at every radius on every image")
	c.Flags().BoolVar(&o.catalog, "list", false, "list all attacks with their keys, and end")
	c.Flags().BoolVar(&o.resume, "resume", false, "continue the interrupted evaluation")
	c.Flags().BoolVar(&o.restart, "restart", false, "discard the interrupted evaluation and start again")
	c.Flags().StringVar(&o.shard, "shard", "", "attack only shard `K/N` of the images, for unwarp attack merge; --resume then continues or begins")
	c.Flags().StringVar(&o.out, "out", "", "write attack/ into `DIR` instead of RUN; an export needs it")
	c.Flags().StringVar(&o.save, "save", "", "save the adversarial images to `FILE`.npz")
	c.Flags().BoolVar(&o.json, "json", false, "print the evaluation as JSON")
	addRequireFlag(c, f)
	addBundleFlags(c, &o.bundle)
	return f
}

func runAttack(ctx context.Context, o attackOptions, f *runFlags, dir string, out, log io.Writer) error {
	f.attacks, f.threats = o.list, o.threats
	shard, err := attacks.ParseShard(o.shard)
	if err != nil {
		return usage(fmt.Errorf("--shard: %w", err))
	}
	if err := checkTarget("--save", o.save, ".npz"); err != nil {
		return err
	}
	if err := o.bundle.checkFlags(shard); err != nil {
		return err
	}
	s, err := f.subject(ctx, dir, log)
	if err != nil {
		return err
	}
	if err := printGradientRemark(s, log); err != nil {
		return err
	}
	printWorkersRemark(s, log)
	folder, err := evaluationFolder(o.out, s.Source)
	if err != nil {
		return err
	}
	jobs, err := planThreats(s, o, folder)
	if err != nil {
		return err
	}
	if err := checkOneExampleFile(jobs, o.save); err != nil {
		return err
	}
	if err := checkRequirements(jobs); err != nil {
		return err
	}
	if err := o.bundle.check(jobs); err != nil {
		return err
	}
	if !shard.IsWhole() {
		return attackShard(ctx, o, shard, jobs, out, log)
	}
	all, err := runThreats(ctx, jobs, o, log)
	if err != nil {
		return err
	}
	records := recordsOf(all)
	if o.json {
		printRequirements(log, records...)
		return errors.Join(printJSON(out, all), refuseUnmet(records...))
	}
	for i, r := range all {
		if i > 0 {
			fmt.Fprintln(out)
		}
		r.print(out)
	}
	fmt.Fprintf(out, "\n%s makes a page of it.\n", shell.Unwarp("report", shell.Operand(folder)))
	return refuseUnmet(records...)
}

// printGradientRemark says what is amiss with the gradient of a model, if anything is.
func printGradientRemark(s *experiment.Subject, log io.Writer) error {
	remark, err := s.GradientRemark()
	if err == nil && remark != "" {
		fmt.Fprintln(log, remark)
	}
	return err
}

// printWorkersRemark says that the workers of the training compute nothing here: they
// may be gone, and are waited for only where a person names them.
func printWorkersRemark(s *experiment.Subject, log io.Writer) {
	if was := s.Source.Known().Workers; was.Len() > 0 && s.Config.Workers.Len() == 0 {
		fmt.Fprintf(log, "trained on workers, attacked on this machine: --workers %s has them compute here too\n", was)
	}
}

// recordsOf are the records of results; nil for corruptions.
func recordsOf(all []threatResult) (records []*report.Record) {
	for _, r := range all {
		records = append(records, r.record)
	}
	return records
}

// printJSON prints the record of one evaluation, or a list of those of several.
func printJSON(out io.Writer, all []threatResult) error {
	if len(all) == 1 {
		return writeJSON(out, all[0].forJSON())
	}
	var list []any
	for _, r := range all {
		list = append(list, r.forJSON())
	}
	return writeJSON(out, list)
}

// evaluate attacks set; where it is interrupted the error says how to continue.
func evaluate(ctx context.Context, s *experiment.Subject, set attacks.Images, keep int, bundle bundleOptions, o evaluation.Options) (report.Record, error) {
	e, err := evaluation.New(ctx, s, keep)
	if err != nil {
		return report.Record{}, err
	}
	defer e.Close()
	o.Export = bundle.exporter(s, e, set, o.Log)
	r, err := e.Run(ctx, set, o)
	return r, howToResume(err, s)
}

// evaluationFolder makes the folder that takes attack/: out, or where that is
// "" the source's own.
func evaluationFolder(out string, src experiment.Source) (string, error) {
	folder := out
	if folder == "" {
		if folder = cmp.Or(src.Results(), experiment.DefaultResults(src)); folder == "" {
			return "", noResults("attack", src.Path(), "a folder for the result with --out")
		}
	} else if at, err := experiment.OpenSource(folder, ""); err == nil && at.Results() == "" {
		return "", noResults("--out", folder, "another folder")
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", notWritten("--out", folder, err)
	}
	return folder, nil
}

func saveExamples(path string, set attacks.Images, ev *attacks.Evaluation, sh pipelines.Shape) error {
	raw, err := evaluation.EncodeExamples(set, ev, sh)
	if err != nil {
		return notWritten("--save", path, err)
	}
	return writeFile("--save", path, raw)
}
