package training

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"unwarp/graphs"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/footprint"
	"unwarp/trainer"
)

// triedSteps are the steps of a dry run.
const triedSteps = 20

// DryRun builds what c would train, makes a few steps, and says what the training
// takes. It writes no file. Remarks go to log.
func DryRun(ctx context.Context, c config.Config, log io.Writer, remarks ...string) (*footprint.Model, error) {
	var m *footprint.Model
	x, err := experiment.Train(ctx, c, foresee(&m, log))
	if err != nil {
		return nil, err
	}
	defer x.Close()
	remarkBefore(x, remarks, log)
	in := trainer.Inputs{
		Train: x.Data.Train, Validation: x.Data.Validation, Seed: c.Seed, Teacher: x.Teacher, Workers: c.Workers, Cluster: c.Cluster,
	}
	trial, err := x.Graph.Try(ctx, x.Net, in, triedSteps)
	m.Training.Trial = &trial
	return m, err
}

// foresee describes a training into m before it takes memory. It refuses data that
// cannot be trained on and a run folder that does not fit on the disk, and warns on log
// of one that takes much of it.
func foresee(m **footprint.Model, log io.Writer) func(x *experiment.Experiment, o *graphs.Outline) error {
	return func(x *experiment.Experiment, o *graphs.Outline) (err error) {
		if err := x.Config.Train.CheckData(x.Data.Train, x.Data.Validation); err != nil {
			return experiment.NewConfigError(err)
		}
		*m = footprint.OfExperiment(x, o)
		warning, err := (*m).CheckDisk(cmp.Or(x.Config.Run, "runs"))
		if warning != "" {
			fmt.Fprintln(log, warning)
		}
		return err
	}
}
