package main

import (
	"context"
	"fmt"
	"io"

	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/progress"
	"unwarp/tools/internal/run/training"
)

// describeData reads every part of the set.
func describeData(ctx context.Context, c config.Config, s pipelines.Splits, log io.Writer) (report.Data, error) {
	d := report.Data{Set: c.Data.Set, Path: c.Data.Path, Augment: c.Train.Augment.String(), DeformedViews: c.Train.Augment.Deforms()}
	shape, err := c.Train.Augment.OutputShape(s.Train.Shape())
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
		counted, done := progress.Reading(log, "reading "+name, cancellable{src, ctx})
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

// cancellable is a source that ends when ctx does.
type cancellable struct {
	pipelines.Source
	ctx context.Context
}

func (s cancellable) At(i int, dst []uint8) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Source.At(i, dst)
}

// drawSheet draws the first training images of a training with this seed.
func drawSheet(ctx context.Context, o dataOptions, c config.Config, src pipelines.Source) error {
	m, err := training.FirstBatch(ctx, c, src, o.count)
	if err != nil {
		return err
	}
	raw, err := report.EncodePNG(m)
	if err != nil {
		return fmt.Errorf("--sheet %s: %w", o.sheet, err)
	}
	return writeFile("--sheet", o.sheet, raw)
}
