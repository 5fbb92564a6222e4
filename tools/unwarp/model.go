package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/footprint"
	"unwarp/trainer"
)

func newModel() *cobra.Command {
	var json bool
	var f *configFlags
	c := &cobra.Command{
		Use:   "model [MODEL]",
		Short: "Show a model layer by layer, and what its training takes",
		Long: `Model prints the layers of a model with their output shapes and parameters, the
memory that its training takes, and the sizes of its checkpoints. Nothing is
computed, and no weights are read.

MODEL is a run folder or an export of unwarp. Without it the model is that which
unwarp train would train with the same flags, which go without MODEL; unwarp
train --dry-run also tries a few steps.

MODEL may also be a SavedModel or an .onnx file that another program wrote. Then
the layers are listed at which an encoder may end, with the names that output=
in model.encoder takes.`,
		Example: `  unwarp model runs/glyphs-disentangled-seed1
  unwarp model --data photos --set data.size=224
  unwarp model --set model.kind=base --set model.encoder=resnet20
  unwarp model RUN --json | jq .parameters
  unwarp model net.onnx`,
		SuggestFor: []string{"models", "summary", "describe", "inspect", "layers", "show", "info"},
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return oneRun(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			m, err := describeModel(c.Context(), f, args, c.ErrOrStderr())
			if err != nil {
				return err
			}
			if json {
				return writeJSON(c.OutOrStdout(), m)
			}
			m.Print(c.OutOrStdout(), columns(c.OutOrStdout()))
			return nil
		},
		ValidArgsFunction: completeRuns,
	}
	f = newConfigFlags(c)
	f.addTrainingFlags(c)
	f.addPreset(c)
	f.addFileFlags(c)
	c.Flags().BoolVar(&json, "json", false, "print JSON")
	return c
}

// ofFiles are the flags that say how the file of a network is read.
var ofFiles = []string{"signature", "scores", "layout", "set", "config"}

// refuseBesideModel refuses flags that describe a training beside a trained model, which has
// its configuration. That of another program has none.
func (f *configFlags) refuseBesideModel(foreign bool) (err error) {
	f.from.Visit(func(flag *pflag.Flag) {
		if common := flag.Name == "json" || flag.Name == "verbose"; err == nil && !common && !(foreign && slices.Contains(ofFiles, flag.Name)) {
			err = usage(fmt.Errorf("--%s and MODEL exclude each other: a trained model has its configuration: leave MODEL out to describe a training", flag.Name))
		}
	})
	return err
}

// describeModel describes the model that args name, or what f would train.
func describeModel(ctx context.Context, f *configFlags, args []string, log io.Writer) (*footprint.Model, error) {
	if len(args) == 0 {
		base, err := f.withFileOptions(config.Default())
		if err != nil {
			return nil, err
		}
		c, err := f.load(base)
		if err != nil {
			return nil, err
		}
		if err := experiment.CheckEncoderFile(c); err != nil {
			return nil, err
		}
		data, err := experiment.OpenData(ctx, c.Data)
		if err != nil {
			return nil, err
		}
		return footprint.OfConfig(c, data)
	}
	src, err := experiment.OpenSource(args[0], trainer.Last)
	if err != nil {
		return nil, usage(err)
	}
	if err := f.refuseBesideModel(experiment.IsForeign(src)); err != nil {
		return nil, err
	}
	base := src.Config()
	if experiment.IsForeign(src) {
		base.Data.Set = "folder" // no data are read
	}
	if base, err = f.withFileOptions(base); err != nil {
		return nil, err
	}
	c, err := f.resolve(base)
	if err != nil {
		return nil, err
	}
	if !experiment.IsForeign(src) {
		return footprint.OfSource(src, c)
	}
	n, err := experiment.OpenNetwork(src, c)
	if err != nil {
		return nil, err
	}
	for _, remark := range n.Signature().Remarks {
		fmt.Fprintln(log, printable.Text(remark))
	}
	return footprint.OfNetwork(src.Path(), n), nil
}
