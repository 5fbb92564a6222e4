package main

import (
	"context"
	"io"

	"unwarp/attacks"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
)

// attackSample attacks the images of a sample and keeps all examples.
func attackSample(ctx context.Context, x *experiment.Experiment, set attacks.Images, log io.Writer) (*attacks.Evaluation, error) {
	x.Config.Attack.Checks, x.Config.Attack.Certify = 0, "" // what they need in the graph is not asked
	e, err := evaluation.New(ctx, &x.Subject, set.Len())
	if err != nil {
		return nil, err
	}
	defer e.Close()
	e.ReportSkipped(log)
	return e.Attack(ctx, set, nil, log)
}
