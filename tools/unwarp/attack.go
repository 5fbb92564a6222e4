package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/tools/internal/npz"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/tools/internal/setup/doctor"
	"unwarp/trainer"
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

// journalFile is the state of an evaluation that has not ended.
const journalFile = "journal.jsonl"

func newAttack() *cobra.Command {
	var o attackOptions
	var f *runFlags
	c := &cobra.Command{
		Use:   "attack RUN",
		Short: "Attack a trained classifier, check the evaluation, say what it shows",
		Long: `Attack looks for small changes of test images that change their class. RUN is
a run folder or an export of unwarp. For each image it finds the smallest eps at
which each attack breaks it; a referee confirms each success by a pass of its
own in float32. Then it checks whether the evaluation can be believed.

An attack is written with what differs from its defaults in brackets:
  pgd(steps=100,restarts=5,loss=margin)     eps=.1 .2 gives it its own radii
or is the name of an ensemble:
  standard    AutoAttack: apgd, apgd-t, fab(targets=9), square
  battery     everything, the cheap and strong first
--list shows all attacks and their keys. Eps is in units of images in [0,1];
8/255 is understood.

An attack sees only images and radii that the attacks before it left standing,
and a failure at a radius is taken for one at all smaller radii; --exhaustive
runs every attack at every radius on every image.

Ctrl-C keeps what is done; --resume goes on from there to the same figures. The
result is RUN/attack/evaluation.json; unwarp report RUN makes a page of it.`,
		Example: `  unwarp attack runs/glyphs-disentangled-seed1 --eps "8/255 .1"
  unwarp attack RUN --attack standard --images 1000 --eps .3
  unwarp attack RUN --attack "pgd(steps=40,restarts=5)" --exhaustive
  unwarp attack RUN --attack "transfer(from=other)" --source runs/other
  unwarp attack RUN --attack fgsm --eps .2 --save adversarial.npz`,
		Args: func(c *cobra.Command, args []string) error {
			if o.catalog {
				return noArgs(c, args)
			}
			return oneRun(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if o.catalog {
				return listAttacks(c.OutOrStdout())
			}
			if o.resume && o.restart {
				return usage(errors.New("--resume and --restart exclude each other"))
			}
			return runAttack(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c,
		[3]string{"images", "attack.images", "attack the first `N` test images, 0 for all"},
		[3]string{"eps", "attack.eps", "`RADII`, separated by spaces"},
		[3]string{"norm", "attack.norm", "`NORM` of the perturbation: linf, l2 or l1"},
		[3]string{"precision", "attack.precision", "`PRECISION` of gradients: auto, float32 or bfloat16"},
		[3]string{"minutes", "attack.minutes", "stop after `MINUTES`, 0 for no limit"},
		[3]string{"passes", "attack.passes", "stop after `N` forward and backward passes, 0 for no limit"},
		[3]string{"checks", "attack.checks", "check the evaluation on `N` images, 0 for no checks"},
		[3]string{"baseline", "attack.baseline", "compare with the evaluation of the undefended `RUN`"},
		[3]string{"defence", "attack.defence", "put a broken `DEFENCE` around the model, to see the checks at work: none, quantise, scale or noise"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
	)
	c.Flags().StringArrayVar(&o.list, "attack", nil, "`ATTACK` to run instead of the configured ones; may be repeated")
	c.Flags().StringArrayVar(&f.sources, "source", nil, "`RUN` from which attacks transfer; may be repeated")
	c.Flags().BoolVar(&f.exhaustive, "exhaustive", false, "run every attack at every radius on every image")
	c.Flags().BoolVar(&o.catalog, "list", false, "list all attacks with their keys, and end")
	c.Flags().BoolVar(&o.resume, "resume", false, "go on with the interrupted evaluation")
	c.Flags().BoolVar(&o.restart, "restart", false, "throw the interrupted evaluation away and begin anew")
	c.Flags().StringVar(&o.out, "out", "", "write attack/ into `DIR` instead of RUN")
	c.Flags().StringVar(&o.save, "save", "", "save the adversarial images to `FILE`.npz")
	c.Flags().BoolVar(&o.json, "json", false, "print the evaluation as JSON")
	return c
}

func runAttack(ctx context.Context, o attackOptions, f *runFlags, dir string, out, log io.Writer) error {
	f.attacks = o.list
	if err := checkTarget("--save", o.save, ".npz"); err != nil {
		return err
	}
	home, err := evaluationHome(o, dir)
	if err != nil {
		return err
	}
	x, _, err := f.open(ctx, dir)
	if err != nil {
		return err
	}
	defer x.Close()
	set, err := x.Attacked(ctx)
	if err != nil {
		return err
	}
	keep := report.Columns
	if o.save != "" {
		keep = set.Len()
	}
	b, err := openBattery(x, dir, f.checkpoint, keep)
	if err != nil {
		return err
	}
	defer b.Close()
	for _, k := range b.Skipped {
		fmt.Fprintf(log, "left out: %s is not defined for this model in %s\n", k, x.Config.Attack.Norm)
	}
	journal, err := openJournal(home, b.Identity(set), o)
	if err != nil {
		return err
	}
	defer journal.Close()
	if n := journal.Len(); n > 0 {
		fmt.Fprintf(log, "going on after %d attempts\n", n)
	}
	ev, err := attack(ctx, b, set, journal, log)
	if errors.Is(err, context.Canceled) {
		return interrupted(fmt.Sprintf("interrupted; what is done is kept: go on with unwarp attack %s --resume and the same flags", dir))
	}
	if err != nil {
		return err
	}
	r := record(x, b, set, ev, dir, f.checkpoint)
	if n := x.Config.Attack.Checks; n > 0 {
		if r.Checks, err = check(ctx, x, b, set, ev, min(n, set.Len()), log); err != nil {
			if errors.Is(err, context.Canceled) {
				return interrupted(fmt.Sprintf("interrupted during the checks; the attacks are kept: go on with unwarp attack %s --resume and the same flags", dir))
			}
			return err
		}
	}
	if err := report.Save(home, r, report.Kept(set, ev, x.Plan.Shape)); err != nil {
		return err
	}
	if ev.Stopped == "" {
		os.Remove(journal.Path())
	}
	if o.save != "" {
		if err := saveAdversarial(o.save, set, ev, [3]int{x.Plan.Shape.H, x.Plan.Shape.W, x.Plan.Shape.C}); err != nil {
			return err
		}
		fmt.Fprintf(log, "adversarial images in %s\n", o.save)
	}
	if o.json {
		return writeJSON(out, r)
	}
	report.Attacks(out, &r, columns(out))
	fmt.Fprintf(out, "\nunwarp report %s makes a page of it.\n", home)
	return nil
}

// evaluationHome is the folder that takes attack/.
func evaluationHome(o attackOptions, dir string) (string, error) {
	home := o.out
	if home == "" {
		home = filepath.Clean(dir)
		if experiment.IsExport(dir) {
			return "", usage(fmt.Errorf("attack %s: this is an export, in which nothing else should lie: name a folder for the result with --out", dir))
		}
	}
	if _, err := os.Stat(filepath.Join(home, report.AttackDir)); err == nil {
		return home, nil
	}
	if _, err := os.Stat(dir); err != nil {
		return home, nil // the error will be that of the run folder
	}
	if err := os.MkdirAll(filepath.Join(home, report.AttackDir), 0o755); err != nil {
		return "", notWritten("--out", home, err)
	}
	return home, nil
}

// openJournal begins or goes on with the state of an evaluation.
func openJournal(home, identity string, o attackOptions) (*attacks.Journal, error) {
	path := filepath.Join(home, report.AttackDir, journalFile)
	_, err := os.Stat(path)
	switch {
	case err != nil && o.resume:
		return nil, usage(fmt.Errorf("--resume: there is no interrupted evaluation in %s: leave --resume out", filepath.Dir(path)))
	case err == nil && o.restart:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	case err == nil && !o.resume:
		return nil, usage(fmt.Errorf("%s holds an interrupted evaluation: go on with --resume, or throw it away with --restart", filepath.Dir(path)))
	}
	j, err := attacks.OpenJournal(path, identity)
	if errors.Is(err, attacks.ErrOtherEvaluation) {
		return nil, usage(err)
	}
	return j, err
}

// openBattery puts the attacks around a restored model.
func openBattery(x *experiment.Experiment, dir, pointer string, keep int) (*experiment.Battery, error) {
	b, err := x.Battery(dir, pointer, keep)
	var ce *experiment.ConfigError
	if errors.As(err, &ce) {
		return nil, usage(err)
	}
	return b, err
}

// attack runs the evaluation with a progress bar.
func attack(ctx context.Context, b *experiment.Battery, set attacks.Set, journal *attacks.Journal, log io.Writer) (*attacks.Evaluation, error) {
	var bar *progress.Bar
	ev, err := b.Engine.Run(ctx, set, journal, func(p attacks.Progress) {
		if bar == nil {
			bar = progress.New(log, "attacking", "attempts", int64(p.Of), int64(journal.Len()))
		}
		name, _, _ := strings.Cut(p.Attack, "(")
		bar.Set(int64(p.Done), fmt.Sprintf("%s, broken %d/%d", name, p.Broken, p.Right))
	})
	if bar != nil {
		bar.Done()
	}
	return ev, err
}

// check asks whether the evaluation can be believed.
func check(ctx context.Context, x *experiment.Experiment, b *experiment.Battery, set attacks.Set, ev *attacks.Evaluation, n int, log io.Writer) ([]checks.Result, error) {
	in := checks.Input{Judge: b.Judge, Guide: b.Guide, Set: set, Evaluation: ev, N: n, Batch: b.Options.Batch}
	if dir := x.Config.Attack.Baseline; dir != "" {
		base, _, err := report.Load(dir)
		if err != nil {
			return nil, usage(fmt.Errorf("attack.baseline: %w", err))
		}
		in.Baseline = &base.Evaluation
	}
	var bar *progress.Bar
	r, err := checks.Run(ctx, in, func(p checks.Progress) {
		if bar == nil {
			bar = progress.New(log, "checking", "checks", int64(p.Of), 0)
		}
		bar.Set(int64(p.Done), p.Doing)
	})
	if bar != nil {
		bar.Done()
	}
	return r, err
}

// record is the evaluation with all that is needed to repeat it.
func record(x *experiment.Experiment, b *experiment.Battery, set attacks.Set, ev *attacks.Evaluation, dir, checkpoint string) report.Record {
	sh := x.Plan.Shape
	kind := x.Config.Model.Kind
	if d := x.Config.Attack.Defence; d != "none" && d != "" {
		kind += " behind " + d
	}
	return report.Record{About: report.About{
		Run: filepath.Base(filepath.Clean(dir)), Kind: kind, Encoder: x.Config.Model.Encoder, Checkpoint: checkpoint,
		Set: x.Config.Data.Set, Part: "test", Shape: [3]int{sh.H, sh.W, sh.C}, Classes: x.Plan.Model.Classes,
		ModelHash: b.Weights, DataHash: experiment.DataHash(set), Version: version(), TensorFlow: tf.Version(),
		Machine: machine(), Seed: x.Config.Seed, Precision: string(b.Guide.Net.Precision), Date: time.Now().UTC().Truncate(time.Second),
		Command: strings.Join(append([]string{"unwarp"}, os.Args[1:]...), " "),
	}, Evaluation: *ev}
}

// machine is the processor in words.
func machine() string {
	return fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(doctor.Features(), " "))
}

// listAttacks prints the catalogue.
func listAttacks(out io.Writer) error {
	for _, e := range attacks.Catalogue() {
		norms := "linf, l2, l1"
		if e.Own != "" {
			norms = "minimises " + string(e.Own)
		} else if e.Norms != nil {
			var words []string
			for _, n := range e.Norms {
				words = append(words, string(n))
			}
			norms = strings.Join(words, ", ")
		}
		fmt.Fprintf(out, "%s  (%s; %s) %s\n", e.Name, e.Family, norms, e.Paper)
		a, err := attacks.Parse(e.Name)
		if err != nil {
			return err
		}
		for _, p := range attacks.Params(a) {
			if p.Common {
				continue
			}
			fmt.Fprintf(out, "    %-12s %-14s %s\n", p.Key, p.Value, p.Help)
		}
	}
	fmt.Fprintln(out, "\nevery attack also has")
	a, err := attacks.Parse("fgsm")
	if err != nil {
		return err
	}
	for _, p := range attacks.Params(a) {
		if p.Common {
			fmt.Fprintf(out, "    %-12s %-14s %s\n", p.Key, p.Value, p.Help)
		}
	}
	return nil
}

// saveAdversarial writes an .npz with M rows, one for each confirmed example
// that is the smallest which its attack found of its image:
//
//	images [M,H,W,C] float32, labels [M] int32 (true), predicted [M] int32,
//	eps [M] float32 (its distance in the threat's norm), index [M] int32 (place
//	in the test part), attack [M] int32 (place in attacks), attacks: the names
//	as bytes, one per line
func saveAdversarial(path string, set attacks.Set, ev *attacks.Evaluation, sh [3]int) error {
	var images, eps []float32
	var labels, predicted, index, which []int32
	var names []string
	for k, s := range ev.Series {
		names = append(names, s.Attack)
		for i, a := range s.Attempts {
			if a.Image == nil {
				continue
			}
			images = append(images, a.Image...)
			labels, predicted = append(labels, set.Labels[i]), append(predicted, int32(a.Class))
			eps, index, which = append(eps, float32(a.Reach)), append(index, int32(set.Index[i])), append(which, int32(k))
		}
	}
	m := len(labels)
	raw, err := npz.Encode(
		npz.Float32("images", images, m, sh[0], sh[1], sh[2]),
		npz.Int32("labels", labels, m),
		npz.Int32("predicted", predicted, m),
		npz.Float32("eps", eps, m),
		npz.Int32("index", index, m),
		npz.Int32("attack", which, m),
		npz.Uint8("attacks", []byte(strings.Join(names, "\n")), -1),
	)
	if err == nil {
		err = trainer.WriteFile(path, raw)
	}
	if err != nil {
		return notWritten("--save", path, err)
	}
	return nil
}
