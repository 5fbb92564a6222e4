package main

import (
	"context"
	"fmt"
	"io"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/experiment"
)

// takePart is the named part of a subject's data, checked to be that of the
// training.
func takePart(ctx context.Context, s *experiment.Subject, name string) (pipelines.Source, error) {
	if _, err := choosePart(name, s.Data); err != nil {
		return nil, err // says why there is none
	}
	return s.Part(ctx, name)
}

// printTitle prints what is measured as the first line: on standard output, or
// where that is for machines with the remarks. It returns how the images differ
// from those of the training's set, "" where they do not.
func printTitle(ctx context.Context, s *experiment.Subject, part string, images int, json bool, out, log io.Writer) (other string, err error) {
	title, err := s.Title(ctx, part, images)
	if err != nil {
		return "", err
	}
	if json {
		out = log
	}
	fmt.Fprintln(out, title)
	return s.Differs(ctx, part)
}
