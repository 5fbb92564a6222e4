package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

type dataOptions struct {
	sheet   string
	nearest string
	count   int
	json    bool
}

func newData() *cobra.Command {
	var o dataOptions
	var f *configFlags
	c := &cobra.Command{
		Use:        "data",
		SuggestFor: []string{"dataset", "datasets", "download", "fetch"},
		Short:      "Describe a data set and show how the model sees it",
		Long: `Data reads each part of the set and prints the number of its images, their size
and classes, the statistics of their pixels, and a hash that is equal for equal
sets. Image files are shown as unwarp train --data would take them.

With --nearest it looks for the training image that resembles each of some
random test images most, prepared as for evaluation, and draws both, in place
of the description: how different are the two parts?

With --sheet it also draws the first images of a training, after the
augmentation of train.augment, with their labels; where the augmentation makes
deformed views (deform), each row of images is followed by the row of their
views. Two channels, as of two cameras, are drawn side by side in grey.

unwarp data fetch NAME downloads a public set.`,
		Example: `  unwarp data
  unwarp data --config tools/configs/mnist-base.yaml --json
  unwarp data --sheet glyphs.png --count 60
  unwarp data --config photos.yaml
  unwarp data --sheet views.png --set 'train.augment=deform(shift=1..3)'`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("count") && o.sheet == "" && o.nearest == "" {
				return usage(errors.New("--count: name the picture to draw the images into with --sheet FILE.png or --nearest FILE.png"))
			}
			return runData(c.Context(), o, f, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newConfigFlags(c, [3]string{"seed", "seed", "`SEED` of order and augmentation"})
	f.addDataFlag(c, "describe the images at `PATH`: a folder with a folder for each class, a CSV file that lists images, or the files of a set; image files take --preset photos, as in unwarp train")
	f.addPreset(c)
	f.keys["skip-bad"] = "data.skip_bad"
	c.Flags().Bool("skip-bad", false, "leave out image files that cannot be read (configuration: data.skip_bad)")
	c.Flags().StringVar(&o.sheet, "sheet", "", "draw the first training images into `FILE`.png")
	c.Flags().StringVar(&o.nearest, "nearest", "", "draw random test images, below each the most similar training image, into `FILE`.png (figure 2 of the paper)")
	c.Flags().IntVar(&o.count, "count", 40, "draw `N` images")
	c.Flags().BoolVar(&o.json, "json", false, "print the description, or the pairs of --nearest, as JSON")
	c.AddCommand(newDataFetch())
	return c
}

// maxSheet is the largest number of images of a sheet: viewers do not show larger
// pictures.
const maxSheet = 1000

func runData(ctx context.Context, o dataOptions, f *configFlags, out, log io.Writer) error {
	if err := checkTarget("--sheet", o.sheet, ".png"); err != nil {
		return err
	}
	if err := checkTarget("--nearest", o.nearest, ".png"); err != nil {
		return err
	}
	if o.sheet != "" && o.nearest != "" {
		return usage(errors.New("--sheet and --nearest exclude each other: draw one after the other"))
	}
	if o.count < 1 || o.count > maxSheet {
		return usage(fmt.Errorf("--count: want 1 to %d images, got %d", maxSheet, o.count))
	}
	c, err := f.load(config.Default())
	if err != nil {
		return err
	}
	if f.remark != nil {
		fmt.Fprintln(log, f.remark(c))
	}
	splits, err := experiment.OpenData(ctx, c.Data)
	if err != nil {
		return err
	}
	if o.nearest != "" {
		return drawNearest(ctx, o, c, splits, out)
	}
	d, err := describeData(ctx, c, splits, log)
	if err != nil {
		return err
	}
	if o.sheet != "" {
		if err := drawSheet(ctx, o, c, splits.Train); err != nil {
			return err
		}
		d.Sheet = o.sheet
	}
	if o.json {
		return writeJSON(out, d)
	}
	d.Print(out, columns(out))
	if n := splits.SkippedFiles; n > 0 {
		fmt.Fprintf(out, "passed over  files that are no images, by their names: %d\n", n)
	}
	for _, r := range splits.Remarks {
		fmt.Fprintf(out, "remark  %s\n", r)
	}
	return nil
}
