package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"

	"github.com/spf13/cobra"

	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
	"unwarp/trainer"
)

type dataOptions struct {
	sheet string
	count int
	json  bool
}

func newData() *cobra.Command {
	var o dataOptions
	var f *configFlags
	c := &cobra.Command{
		Use:   "data",
		Short: "Describe a data set and show what the model will see of it",
		Long: `Data reads each part of the set and prints how many images of which size and
class it has, the statistics of their pixels, and a hash that tells whether two
sets are the same.

With --sheet it also writes a picture of the first images that training will
see, after the augmentation of train.augment, with their labels; where the
augmentation makes deformed twins (deform), each row of images is followed by
the row of theirs. Two channels, as of two cameras, stand side by side in grey.

unwarp data fetch NAME downloads a public set.`,
		Example: `  unwarp data
  unwarp data --config tools/configs/mnist-base.yaml --json
  unwarp data --sheet glyphs.png --count 60
  unwarp data --config photos.yaml
  unwarp data --sheet twins.png --set 'train.augment=deform(shift=1..3)'`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("count") && o.sheet == "" {
				return usage(errors.New("--count: say with --sheet FILE.png where to draw the images"))
			}
			return runData(c.Context(), o, f, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f = newConfigFlags(c, [3]string{"seed", "seed", "`SEED` of order and augmentation"})
	c.Flags().StringVar(&o.sheet, "sheet", "", "draw the first training images into `FILE`.png")
	c.Flags().IntVar(&o.count, "count", 40, "draw `N` images")
	c.Flags().BoolVar(&o.json, "json", false, "print the description as JSON")
	c.AddCommand(newDataFetch())
	return c
}

// most images of a sheet: beyond, no viewer shows it.
const maxSheet = 1000

func runData(ctx context.Context, o dataOptions, f *configFlags, out, log io.Writer) error {
	if err := checkTarget("--sheet", o.sheet, ".png"); err != nil {
		return err
	}
	if o.count < 1 || o.count > maxSheet {
		return usage(fmt.Errorf("--count: want 1 to %d images, got %d", maxSheet, o.count))
	}
	c, err := f.load(config.Default())
	if err != nil {
		return err
	}
	splits, err := experiment.OpenData(ctx, c.Data)
	if err != nil {
		return err
	}
	d, err := describe(ctx, c, splits, log)
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
	d.Print(out)
	printClasses(out, d.Parts[0].ClassNames)
	if n := splits.PassedOver; n > 0 {
		fmt.Fprintf(out, "passed over  files that are no images, by their names: %d\n", n)
	}
	return nil
}

// printClasses lists the names of the classes, those of a set that has some.
func printClasses(out io.Writer, names []string) {
	if len(names) == 0 {
		return
	}
	fmt.Fprint(out, "classes")
	for i, n := range names {
		fmt.Fprintf(out, "  %d %s", i, n)
	}
	fmt.Fprintln(out)
}

// describe reads every part of the set.
func describe(ctx context.Context, c config.Config, s pipelines.Splits, log io.Writer) (report.Data, error) {
	d := report.Data{Set: c.Data.Set, Path: c.Data.Path, Augment: c.Train.Augment.String(), Twins: c.Train.Augment.Twin()}
	shape, err := c.Train.Augment.Out(s.Train.Shape())
	if err != nil {
		return d, usage(fmt.Errorf("train.augment: %w", err))
	}
	d.Seen = [3]int{shape.H, shape.W, shape.C}
	for _, name := range partNames {
		if name == "validation" && s.Validation == nil || name == "familiar" && s.Familiar == nil {
			continue
		}
		src, err := choosePart(name, s)
		if err != nil {
			return d, err
		}
		counted, done := progress.Reading(log, "reading "+name, stopping{src, ctx})
		part, err := pipelines.Describe(counted)
		done()
		if err != nil {
			return d, err
		}
		part.ClassNames = pipelines.ClassNames(src) // the counting source hides them
		d.Parts = append(d.Parts, report.Part{Part: name, Description: part})
	}
	return d, nil
}

// stopping is a source that ends when ctx does.
type stopping struct {
	pipelines.Source
	ctx context.Context
}

func (s stopping) At(i int, dst []uint8) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Source.At(i, dst)
}

// drawSheet writes the first training images as the stream of a training with
// this seed hands them out.
func drawSheet(ctx context.Context, o dataOptions, c config.Config, src pipelines.Source) error {
	shape, err := c.Train.Augment.Out(src.Shape())
	if err != nil {
		return err
	}
	so := pipelines.Options{Batch: min(o.count, src.Len()), Seed: c.Seed, Shuffle: true, Augment: c.Train.Augment}
	for b, err := range pipelines.Stream(ctx, src, so) {
		if err != nil {
			return err
		}
		var raw bytes.Buffer
		if err := png.Encode(&raw, b.Sheet(shape, report.Columns, report.Scale(shape))); err != nil {
			return fmt.Errorf("--sheet %s: %w", o.sheet, err)
		}
		if err := trainer.WriteFile(o.sheet, raw.Bytes()); err != nil {
			return notWritten("--sheet", o.sheet, err)
		}
		return nil
	}
	return ctx.Err()
}
