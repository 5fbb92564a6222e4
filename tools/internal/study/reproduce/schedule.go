package reproduce

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

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
	order, tables, figuresAlone := r.listArms()
	for seed := uint64(1); seed <= uint64(r.Seeds); seed++ {
		for _, name := range order {
			if seed > 1 && figuresAlone[name] {
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

// listArms returns the arms that tables and figures need, in order and each once,
// the tables of each, and which are for figures alone. Teachers come before those
// that they teach.
func (r *Reproduction) listArms() (order []string, tables map[string][]paper.Table, figuresAlone map[string]bool) {
	tables, figuresAlone = map[string][]paper.Table{}, map[string]bool{}
	known := map[string]bool{}
	var add func(arm string)
	add = func(arm string) {
		if a, _ := paper.FindArm(arm); a.Teacher != "" {
			add(a.Teacher)
		}
		if !known[arm] {
			known[arm], order = true, append(order, arm)
		}
	}
	for _, t := range r.Tables {
		for _, a := range t.Arms() {
			add(a)
			tables[a] = append(tables[a], t)
			for _, m := range t.Measurements(a, r.Budget) {
				for _, source := range m.Sources() {
					add(source)
				}
			}
		}
	}
	for _, f := range r.Figures {
		if f.ofData() {
			continue
		}
		for _, a := range f.Arms {
			figuresAlone[a] = figuresAlone[a] || !known[a]
			add(a)
		}
	}
	return order, tables, figuresAlone
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
	set := r.Set
	if arm.Teacher != "" {
		teacher, _ := paper.FindArm(arm.Teacher)
		set = append(slices.Clone(set), "train.teacher="+filepath.Join(r.Runs, teacher.Folder(seed)))
	}
	if j.Config, err = load(r.Budget, seed, r.Data, set); err != nil {
		return nil, &study.RequestError{Err: err}
	}
	j.Config.Run = j.Dir
	if j.State, err = r.findState(ctx, j.Dir, j.Config); err != nil {
		return nil, err
	}
	if j.State == Finished {
		err = r.recall(j)
	}
	return j, err
}

// left are the evaluations of a table that are missing.
func (j *Job) left(t paper.Table, b paper.Budget) (missing []paper.Measurement) {
	for _, m := range t.Measurements(j.Arm.Name, b) {
		if j.run == nil || !j.run.Holds(m) {
			missing = append(missing, m)
		}
	}
	return missing
}

// holds tells whether all that a table measures on the job's arm is measured.
func (j *Job) holds(t paper.Table, b paper.Budget) bool {
	return j.run != nil && len(j.left(t, b)) == 0
}
