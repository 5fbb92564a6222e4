package reproduce

import (
	"context"
	"fmt"
	"path/filepath"

	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/paper"
)

// State says how far a training is.
type State string

// States of a training.
const (
	Finished    State = "finished"
	Interrupted State = "to be resumed"
	Missing     State = "to be trained"
)

// Job is a training with all that is measured on it.
type Job struct {
	Arm    paper.Arm
	Seed   uint64
	Config config.Config
	Dir    string // run folder
	State  State
	Tables []paper.Table // measured on it

	run *paper.Run // what has been measured; nil for nothing
}

// Schedule lists the jobs: all arms of one seed, then those of the next. It looks
// at each run folder for what is finished.
func (r *Reproduction) Schedule(ctx context.Context) error {
	order, tables := r.listArms()
	for seed := uint64(1); seed <= uint64(r.Seeds); seed++ {
		for _, name := range order {
			if seed > 1 && tables[name] == nil {
				continue // figures show seed 1 alone
			}
			j, err := r.newJob(ctx, name, seed, tables[name])
			if err != nil {
				return err
			}
			r.Jobs = append(r.Jobs, j)
		}
	}
	return nil
}

// listArms returns the arms that tables and figures need, in order and each
// once, and the tables of each.
func (r *Reproduction) listArms() (order []string, tables map[string][]paper.Table) {
	tables = map[string][]paper.Table{}
	known := map[string]bool{}
	add := func(arm string) {
		if !known[arm] {
			known[arm], order = true, append(order, arm)
		}
	}
	for _, t := range r.Tables {
		for _, a := range t.Arms() {
			add(a)
			tables[a] = append(tables[a], t)
		}
	}
	for _, f := range r.Figures {
		for _, a := range f.Arms {
			add(a)
		}
	}
	return order, tables
}

func (r *Reproduction) newJob(ctx context.Context, name string, seed uint64, tables []paper.Table) (*Job, error) {
	arm, ok := paper.FindArm(name)
	if !ok {
		return nil, fmt.Errorf("reproduce: there is no arm %q", name)
	}
	j := &Job{Arm: arm, Seed: seed, Dir: filepath.Join(r.Runs, arm.Folder(seed)), Tables: tables}
	var err error
	load := arm.Load
	if r.PlanOnly {
		load = arm.Resolve
	}
	if j.Config, err = load(r.Budget, seed, r.Data, r.Set); err != nil {
		return nil, &study.RequestError{Err: err}
	}
	j.Config.Run = j.Dir
	if j.State, err = r.findState(ctx, j.Dir, j.Config); err != nil {
		return nil, err
	}
	if j.State == Finished {
		err = j.recall()
	}
	return j, err
}

// holds tells whether all that a table measures on the job's arm is measured.
func (j *Job) holds(t paper.Table, b paper.Budget) bool {
	return j.run != nil && j.run.Holds(t, t.Count(b))
}
