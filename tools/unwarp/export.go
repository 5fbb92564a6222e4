package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

type exportOptions struct {
	out       string
	count     int
	reference string
	json      bool
}

func newExport() *cobra.Command {
	var o exportOptions
	var f *runFlags
	c := &cobra.Command{
		Use:        "export RUN",
		SuggestFor: []string{"save", "convert", "savedmodel"},
		Short:      "Write a trained classifier as a SavedModel",
		Long: `Export writes the model as a TensorFlow SavedModel, loads it back, and compares
every output with the trained model on test images before it reports success.
Signatures, each with the one input "image", [B,H,W,C] of any batch size:
  serving_default  logits, probabilities
  embed            embedding; of a disentangled model also its two parts,
                   appearance and geometry
  reconstruct      reconstruction; of a disentangled model also canonical (the
                   canonical image) and field (displacements in pixels)
A base CNN and an inference-only export have no reconstruct.

` + strings.ReplaceAll(trainer.ExportUse, "; ", ";\n") + `
unwarp.json in the export says what else a program must know to feed it.`,
		Example: `  unwarp export runs/glyphs-disentangled-seed1
  unwarp export RUN --out model --inference-only --input uint8
  unwarp export RUN --checkpoint best --json
  unwarp export RUN --reference reference.npz
  python tools/peers/check_export.py RUN/export reference.npz`,
		Args: oneRun,
		RunE: func(c *cobra.Command, args []string) error {
			return runExport(c.Context(), o, f, args[0], c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newRunFlags(c,
		[3]string{"input", "export.input", "`FORM` of images: float in [0,1], or uint8"},
		[3]string{"device", "device", "`DEVICE`: auto, cpu or gpu"},
	)
	c.Flags().StringVar(&o.out, "out", "", "write to `DIR`; default RUN/export")
	c.Flags().Bool("inference-only", false, "leave the decoders out (configuration: export.inference_only)")
	f.keys["inference-only"] = "export.inference_only"
	c.Flags().IntVar(&o.count, "count", 16, "compare on the first `N` test images")
	c.Flags().StringVar(&o.reference, "reference", "", "save these images and the trained model's outputs to `FILE`.npz")
	c.Flags().BoolVar(&o.json, "json", false, "print the report as JSON")
	return c
}

func runExport(ctx context.Context, o exportOptions, f *runFlags, dir string, out, log io.Writer) error {
	const most = 10000
	if o.count < 1 || o.count > most {
		return usage(fmt.Errorf("--count: want 1 to %d, got %d", most, o.count))
	}
	if err := checkTarget("--reference", o.reference, ".npz"); err != nil {
		return err
	}
	if err := refuseForeign("export", dir, "a run folder, which becomes a SavedModel"); err != nil {
		return err
	}
	to := o.out
	if to == "" {
		folder, err := resultsFolder("export", dir, "a folder with --out")
		if err != nil {
			return err
		}
		to = filepath.Join(folder, "export")
	}
	x, st, err := f.open(ctx, dir, log)
	if err != nil {
		return err
	}
	defer x.Close()
	test, err := takePart(ctx, &x.Subject, experiment.AttackedPart)
	if err != nil {
		return err
	}
	if err := x.DescribeData(ctx); err != nil {
		return err
	}
	set, err := x.Images(ctx, test, o.count)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	e, err := x.Graph.WriteSavedModel(x.Net, to, x.Config.Export, set.Pixels)
	if err != nil {
		return err
	}
	e.Path = to
	if o.reference != "" {
		if err := saveReference(o.reference, x, e, set.Pixels); err != nil {
			return err
		}
		fmt.Fprintf(log, "reference images and outputs in %s\n", o.reference)
	}
	if ctx.Err() != nil {
		return experiment.InterruptedError("interrupted, but the export was complete: " + to)
	}
	if o.json {
		return writeJSON(out, e)
	}
	fmt.Fprintf(out, "%s, checkpoint %s (step %d)\n", dir, f.checkpoint, st.Step)
	report.PrintExport(out, e, set.Len())
	return nil
}

func saveReference(path string, x *experiment.Experiment, e trainer.ExportReport, pixels []float32) error {
	raw, err := x.Reference(e, pixels)
	if err != nil {
		return fmt.Errorf("--reference %s: %w", path, err)
	}
	return writeFile("--reference", path, raw)
}
