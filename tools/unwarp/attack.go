package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/attacks"
	"unwarp/tools/internal/npz"
	"unwarp/tools/internal/report"
	"unwarp/trainer"
)

type attackOptions struct {
	list []string
	save string
	json bool
}

func newAttack() *cobra.Command {
	var o attackOptions
	var f *runFlags
	c := &cobra.Command{
		Use:   "attack RUN",
		Short: "Attack a trained classifier and count what the attacks break",
		Long: `Attack looks for small changes of test images that change their class, and
counts with a fresh pass over the changed images what was found. Attacks:
  random    moves every pixel by eps with random signs: the baseline
  fgsm      one step of eps along the sign of the gradient
  bim       several steps; preset=paper (steps of eps), split (eps/steps) or
            kurakin (1/255); or steps=N, alpha=A
in brackets: loss=classification (default), margin, or training (the gradient
of the whole training loss, which is what reproduces the paper's figures);
eps=.1 .2 for radii of its own; seed=N for random.
Eps is in units of images in [0,1]; 8/255 is understood.`,
		Example: `  unwarp attack runs/glyphs-disentangled-seed1 --eps "8/255 .1"
  unwarp attack RUN --attack fgsm --attack "bim(steps=40,alpha=.01)"
  unwarp attack RUN --images 0 --json > attacks.json
  unwarp attack RUN --attack fgsm --eps .2 --save adversarial.npz`,
		Args: oneRun,
		RunE: func(c *cobra.Command, args []string) error {
			return runAttack(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c,
		[3]string{"images", "attack.images", "attack the first `N` test images, 0 for all"},
		[3]string{"eps", "attack.eps", "`RADII`, separated by spaces"},
		[3]string{"norm", "attack.norm", "`NORM` of the perturbation: linf or l2"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
	)
	c.Flags().StringArrayVar(&o.list, "attack", nil, "`ATTACK` to run instead of the configured ones; may be repeated")
	c.Flags().StringVar(&o.save, "save", "", "save the adversarial images to `FILE`.npz")
	c.Flags().BoolVar(&o.json, "json", false, "print the counts as JSON")
	return c
}

func runAttack(ctx context.Context, o attackOptions, f *runFlags, dir string, out, log io.Writer) error {
	f.attacks = o.list
	if err := checkTarget("--save", o.save, ".npz"); err != nil {
		return err
	}
	x, _, err := f.open(ctx, dir)
	if err != nil {
		return err
	}
	defer x.Close()
	if x.Engine == nil {
		return usage(fmt.Errorf("attack.attacks: want at least one of %s, got none", strings.Join(attacks.Names, ", ")))
	}
	set, err := x.Attacked(ctx)
	if err != nil {
		return err
	}
	keep := 0
	if o.save != "" {
		keep = set.Len()
	}
	r, err := attack(ctx, x, set, keep, log)
	if err != nil {
		return err
	}
	if o.save != "" {
		if err := saveAdversarial(o.save, set, r, [3]int{x.Plan.Shape.H, x.Plan.Shape.W, x.Plan.Shape.C}); err != nil {
			return err
		}
		fmt.Fprintf(log, "adversarial images in %s\n", o.save)
	}
	if o.json {
		return writeJSON(out, r)
	}
	report.Attacks(out, r, set.Labels)
	fmt.Fprintln(out)
	report.Verdict(out, r, set.Labels)
	return nil
}

// saveAdversarial writes an .npz with one entry of M = outcomes·images rows
// per array, outcome by outcome:
//
//	images [M,H,W,C] float32, labels [M] int32 (true), predicted [M] int32,
//	eps [M] float32, index [M] int32 (place in the test part), attack [M] int32
//	(place in attacks), attacks: the names as bytes, one per line
func saveAdversarial(path string, set attacks.Set, r attacks.Report, sh [3]int) error {
	var images, eps []float32
	var labels, predicted, index, which []int32
	var names []string
	for k, o := range r.Outcomes {
		names = append(names, o.Attack)
		images = append(images, o.Adversarial...)
		labels = append(labels, set.Labels...)
		predicted = append(predicted, o.Classes...)
		for _, i := range set.Index {
			eps, index, which = append(eps, o.Eps), append(index, int32(i)), append(which, int32(k))
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
