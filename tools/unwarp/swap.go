package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/exchange"
)

func newSwap() *cobra.Command {
	var o swapOptions
	var f *runFlags
	c := &cobra.Command{
		Use:        "swap RUN",
		SuggestFor: []string{"exchange"},
		Short:      "Exchange appearance and geometry between images, and draw it",
		Long: `Swap encodes pairs of images into appearance and geometric codes, decodes each
appearance with the other's geometry (Duan et al., section 3.3 and figure 3),
and draws a picture: input, canonical image, displacement field, reconstruction,
exchange. Below each synthesised image is the class that the model predicts for
it, and which donor's class that is.

Training does not determine which code decides the predicted class. So swap also
counts, over --count random pairs of images of different classes, whose class
the model predicts for the exchange.

An arrow runs from a pixel of the reconstruction to the position in the
canonical image that the pixel is sampled from. In colours, hue is the
direction, as on the wheel above the column, and white is no displacement.

--strip and --gif interpolate from one image of each pair to the other in steps:
in the appearance code, in the geometric code, and in both.

RUN is a run folder or an export (not an inference-only one) of a disentangled
model. A base CNN and the reconstruction ablation have no geometric code.`,
		Example: `  unwarp swap runs/glyphs-disentangled-seed1
  unwarp swap RUN --pair 3,17 --pair 8,2 --field colour
  unwarp swap RUN --pairs 6 --seed 2 --part train --out swap.png
  unwarp swap RUN --pair 3,17 --strip walk.png --gif walk.gif --steps 12
  unwarp swap RUN --count 5000 --json | jq .exchange`,
		Args: oneRun,
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("pairs") && len(o.pairs) > 0 {
				return usage(errors.New("--pairs and --pair exclude each other: --pairs draws random pairs, --pair names them"))
			}
			if c.Flags().Changed("steps") && o.strip == "" && o.gif == "" {
				return usage(errors.New("--steps: name the picture to draw them into with --strip FILE.png or --gif FILE.gif"))
			}
			return runSwap(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c, [3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"})
	o.addFlags(c)
	return c
}

func runSwap(ctx context.Context, o swapOptions, f *runFlags, dir string, out, log io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := refuseForeign("swap", dir, "a run folder or an export of a disentangled model, whose codes are exchanged"); err != nil {
		return err
	}
	path, err := figureTarget("swap", dir, o.out, "swap.png", ".png")
	if err != nil {
		return err
	}
	if err := o.checkApart(path); err != nil {
		return err
	}
	x, _, err := f.open(ctx, dir, log)
	if err != nil {
		return err
	}
	defer x.Close()
	if !x.Graph.Model.Warp {
		return usage(errors.New("swap " + dir + ": want a disentangled model, got kind " + x.Config.Model.Kind + ", which has no geometric code to exchange"))
	}
	if err := x.Graph.CheckSynthesis(); err != nil {
		return usage(fmt.Errorf("swap %s: %w", dir, err))
	}
	src, err := takePart(ctx, &x.Subject, o.part)
	if err != nil {
		return err
	}
	r := swapReport{Run: dir, Checkpoint: f.checkpoint, Set: x.Config.Data.Set, Part: o.part, Seed: o.Seed}
	result, err := exchange.New(study.NewModel(x), src).Run(ctx, o.Request)
	if err != nil {
		return asUsage(err)
	}
	if r.OtherData, err = printTitle(ctx, &x.Subject, o.part, src.Len(), o.json, out, log); err != nil {
		return err
	}
	r.Pairs, r.Counts = result.Pairs, result.Counts
	if r.Pictures, err = o.drawPictures(path, result, x.Graph.Shape); err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, r)
	}
	r.print(out)
	return nil
}
