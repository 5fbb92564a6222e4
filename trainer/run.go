package trainer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"unwarp/graphs"
	"unwarp/graphs/cluster"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
)

// Inputs are what a run reads and where it writes.
type Inputs struct {
	Train      pipelines.Source
	Validation pipelines.Source // nil: no evaluation during training, no best checkpoint
	Dir        string           // the run folder, which exists
	Seed       uint64           // of order and augmentation
	Resume     bool             // go on from the last checkpoint
	Identity   string           // hash of everything that determines the run; a resumed run must have the same
	Teacher    *Teacher         // what Config.Teacher names; nil without one

	// Workers compute the replicas; none where devices of this process do.
	Workers cluster.Addresses
	Cluster cluster.Config
	Board   Board
}

// CheckpointsDir, EventsDir and MetricsFile are names in a run folder.
const (
	CheckpointsDir = "checkpoints"
	EventsDir      = "events"
	MetricsFile    = "metrics.jsonl"
)

// Run trains for Config.Duration and returns the summary. When ctx is cancelled
// it saves a checkpoint and returns [ErrInterrupted].
func (g *TrainGraph) Run(ctx context.Context, net *graphs.Net, in Inputs, observers ...Observer) (Summary, error) {
	r, err := g.begin(ctx, net, in, observers)
	if err != nil {
		return Summary{}, err
	}
	defer r.close()
	err = r.log.begin(r.state.Step, in.Board)
	if err == nil {
		err = r.train(ctx)
	}
	if eerr := r.log.end(in.Board, err); err == nil {
		err = eerr
	}
	if cerr := r.log.close(); err == nil {
		err = cerr
	}
	s := r.summary()
	r.notify(func(o Observer) { o.Ended(r.at, s, err) })
	return s, err
}

// run is the state of one call of Run.
type run struct {
	graph     *TrainGraph
	net       *graphs.Net
	in        Inputs
	observers []Observer

	steps    stepMaker
	replicas *replicas // the stepMaker, where there are several; else nil
	params   func(step int) stepParams
	cadence  cadence
	clock    clock
	log      runLog

	place       files.Place // the run folder
	checkpoints Checkpoints
	state       State
	at          Progress
	saved       int // step of the last checkpoint
	validation  *Evaluation
}

// close ends the sessions on workers.
func (r *run) close() {
	if r.replicas != nil {
		r.replicas.close()
	}
}

// begin checks the inputs, restores the last checkpoint where that is asked
// for, and opens what the run writes.
func (g *TrainGraph) begin(ctx context.Context, net *graphs.Net, in Inputs, observers []Observer) (*run, error) {
	r, err := g.newRun(net, in, observers)
	if err != nil {
		return nil, err
	}
	if err := g.Config.checkPatience(in.Validation); err != nil {
		return nil, err
	}
	if r.place, err = files.OpenPlace(in.Dir); err != nil {
		return nil, fmt.Errorf("trainer: run folder %w", err)
	}
	if err := r.restore(); err != nil {
		return nil, err
	}
	if r.steps, err = r.newStepMaker(ctx); err != nil {
		return nil, err
	}
	if r.log, err = g.openLog(net, in.Dir, r.state); err != nil {
		r.close()
		return nil, err
	}
	r.at = Progress{Step: r.state.Step, Steps: r.cadence.steps, Epoch: r.cadence.epoch(r.state.Step)}
	r.clock.lastStep = r.state.Step
	return r, nil
}

// newRun checks the inputs. Nothing is opened yet.
func (g *TrainGraph) newRun(net *graphs.Net, in Inputs, observers []Observer) (*run, error) {
	if err := g.checkInputs(in); err != nil {
		return nil, err
	}
	k, err := g.Config.cadence(in.Train)
	if err != nil {
		return nil, err
	}
	return &run{
		graph: g, net: net, in: in, observers: observers, cadence: k, params: g.Config.stepParams(k),
		checkpoints: Checkpoints{filepath.Join(in.Dir, CheckpointsDir)},
	}, nil
}

func (g *TrainGraph) checkInputs(in Inputs) error {
	for _, src := range []pipelines.Source{in.Train, in.Validation} {
		if src == nil {
			continue
		}
		if err := g.CheckSource(src); err != nil {
			return err
		}
	}
	if in.Workers.Len() > 0 && len(g.replicas.fetches) == 0 {
		return errors.New("trainer: want a graph declared for workers (OnWorkers) to compute on them, got one for this device")
	}
	return g.CheckTeacher(in.Teacher)
}

// restore reads the last checkpoint of a run that is resumed.
func (r *run) restore() error {
	r.state.Identity = r.in.Identity
	if !r.in.Resume || !r.checkpoints.Exists(Last) {
		return nil
	}
	var err error
	if r.state, err = r.checkpoints.Load(r.graph, r.net, Last); err != nil {
		return err
	}
	if r.state.WeightsOnly {
		return fmt.Errorf("trainer: %s: want a checkpoint to resume from, got %s, which holds the weights alone: write the name of another into the file %q, or evaluate and export this one", r.in.Dir, r.state.Name, Last)
	}
	if r.state.Identity != r.in.Identity {
		return fmt.Errorf("trainer: %s: want the configuration and data of the interrupted run (hash %.12s), got %.12s: resume with its config.yaml, or start a new run", r.in.Dir, r.state.Identity, r.in.Identity)
	}
	r.saved = r.state.Step
	files.ClearTemporary(r.checkpoints.Dir)
	return r.checkpoints.removeOutdated() // which a kill prevented
}
