package main

import (
	"context"
	"fmt"
	"io"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/study/nearest"
)

// nearestColumns are the images side by side in a picture of nearest images.
const nearestColumns = 8

// drawNearest draws random test images with the training images nearest to them.
func drawNearest(ctx context.Context, o dataOptions, c config.Config, s pipelines.Splits, out io.Writer) error {
	test, err := choosePart("test", s)
	if err != nil {
		return err
	}
	augment := c.Train.Augment.ForEvaluation()
	all, err := nearest.Find(ctx, s.Train, test, nearest.Request{Count: o.count, Seed: c.Seed, Augment: augment, Normalise: c.Model.Normalise})
	if err != nil {
		return asUsage(err)
	}
	shape, err := augment.OutputShape(test.Shape())
	if err != nil {
		return usage(fmt.Errorf("train.augment: %w", err))
	}
	if err := writePNG("--nearest", o.nearest, nearest.Draw(all, shape, min(nearestColumns, len(all)))); err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, all)
	}
	same := 0
	for _, m := range all {
		if m.Class == m.Nearest {
			same++
		}
	}
	fmt.Fprintf(out, "%d of %d test images have the class of the training image nearest to them; drawn into %s\n", same, len(all), o.nearest)
	return nil
}
