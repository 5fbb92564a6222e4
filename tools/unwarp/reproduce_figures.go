package main

import (
	"context"
	"io"
)

// figureNames are the figures that reproduce draws.
var figureNames = []string{"figure3", "figure4"}

// figureArms are the trainings that a figure shows, of seed 1.
var figureArms = map[string][]string{
	"figure3": {"mnist-disentangled", "facescrub-disentangled"},
	"figure4": {"mnist-base", "mnist-disentangled"},
}

func (r *reproduction) draw(ctx context.Context, out io.Writer) error { return nil }
