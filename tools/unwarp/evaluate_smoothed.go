package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
)

// checkSmooth refuses flags that do not fit --smooth, or that want it.
func (o evaluateOptions) checkSmooth(images bool) error {
	switch {
	case o.smooth == "" && images:
		return usage(errors.New("--images: want --smooth beside it: all images are evaluated otherwise"))
	case o.smooth != "" && o.part != experiment.AttackedPart:
		return usage(fmt.Errorf("--smooth: want part %s, got %q", experiment.AttackedPart, o.part))
	}
	return nil
}

// runSmoothed evaluates the smoothed classifier.
func runSmoothed(ctx context.Context, o evaluateOptions, f *runFlags, dir string, out, log io.Writer) error {
	s, err := f.subject(ctx, dir, log)
	if err != nil {
		return err
	}
	set, err := s.AttackedImages(ctx)
	if err != nil {
		return err
	}
	title, err := s.Title(ctx, experiment.AttackedPart, set.Len())
	if err != nil {
		return err
	}
	fmt.Fprintln(log, title)
	r, err := evaluation.Smooth(ctx, s, set, o.smooth, log)
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, r)
	}
	r.Print(out)
	return nil
}
