package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study/paper"
	"unwarp/trainer"
)

// do trains what is missing and measures what is asked for.
func (r *reproduction) do(ctx context.Context, j *job) error {
	if j.state != finished {
		resume := ""
		if j.state == toResume {
			resume = j.dir
		}
		if _, err := trainRun(ctx, j.config, resume, r.log); err != nil {
			return err
		}
	}
	// What the training set had to tell is in the run folder alone.
	c, err := experiment.ReadFolder(j.dir)
	if err != nil {
		return usage(err)
	}
	c.Data.Path, c.Attack = j.config.Data.Path, config.DefaultAttack() // the tables decide about attacks
	j.config = c
	return r.measure(ctx, j)
}

// measure counts what the model gets right and runs the attacks of its tables
// that have not been run yet.
func (r *reproduction) measure(ctx context.Context, j *job) error {
	if j.run == nil { // not recalled with the schedule
		if err := r.count(ctx, j); err != nil {
			return err
		}
		if err := j.recall(); err != nil {
			return err
		}
	}
	for _, t := range j.tables {
		if j.run.Holds(t, t.Count(r.budget)) {
			continue
		}
		ev, err := r.evaluate(ctx, j, t)
		if err != nil {
			return err
		}
		j.run.Evaluations = append(j.run.Evaluations, ev)
	}
	return nil
}

// recall takes what was measured on the run's present weights; it leaves run nil
// where nothing was.
func (j *job) recall() error {
	weights, err := experiment.WeightsHash(j.dir, trainer.Last)
	if err != nil {
		return err
	}
	if acc, ok := readAccuracy(j.accuracyPath(), weights); ok {
		j.run = &paper.Run{Arm: j.arm.Name, Seed: j.seed, Train: acc.Train, Classes: acc.Classes, Accuracy: acc.Parts, Evaluations: evaluations(j.dir, weights)}
	}
	return nil
}

func (j *job) accuracyPath() string { return filepath.Join(j.dir, tablesDir, "accuracy.json") }

// open restores the model of a finished training.
func (j *job) open(ctx context.Context, c config.Config) (*experiment.Experiment, error) {
	x, err := experiment.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	if _, err := x.Restore(j.dir, trainer.Last); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// evaluate runs the attacks of a table; interrupted, it goes on next time.
func (r *reproduction) evaluate(ctx context.Context, j *job, t paper.Table) (*attacks.Evaluation, error) {
	c := j.config
	c.Attack.Attacks, c.Attack.Images, c.Attack.Exhaustive, c.Attack.Checks = t.Attacks(j.arm.Name), t.Count(r.budget), true, 0
	if t.Eps != nil {
		c.Attack.Eps = strings.Join(t.Columns, " ")
	}
	x, err := j.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	set, err := x.Attacked(ctx)
	if err != nil {
		return nil, err
	}
	b, err := openBattery(x, j.dir, trainer.Last, report.Columns)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	home := filepath.Join(j.dir, tablesDir, t.Name)
	if err := os.MkdirAll(filepath.Join(home, report.AttackDir), 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(home, report.AttackDir, journalFile)
	journal, err := attacks.OpenJournal(path, b.Identity(set))
	if errors.Is(err, attacks.ErrOtherEvaluation) { // of other weights, or another budget
		if err = os.Remove(path); err == nil {
			journal, err = attacks.OpenJournal(path, b.Identity(set))
		}
	}
	if err != nil {
		return nil, err
	}
	defer journal.Close()
	fmt.Fprintf(r.log, "%s: %d attacks on %d images\n", t.Name, len(c.Attack.Attacks), set.Len())
	ev, err := attack(ctx, b, set, journal, r.log)
	if err != nil {
		return nil, err
	}
	if err := report.Save(home, record(x, b, set, ev, j.dir, trainer.Last), report.Kept(set, ev, x.Plan.Shape)); err != nil {
		return nil, err
	}
	return ev, os.Remove(path)
}

// accuracy is RUN/tables/accuracy.json.
type accuracy struct {
	ModelHash string                 `json:"model_hash"`
	Train     int                    `json:"train"` // images trained on
	Classes   int                    `json:"classes"`
	Parts     map[string]paper.Count `json:"parts"`
}

// count counts what the model gets right of each part, and keeps it.
func (r *reproduction) count(ctx context.Context, j *job) error {
	weights, err := experiment.WeightsHash(j.dir, trainer.Last)
	if err != nil {
		return err
	}
	x, err := j.open(ctx, j.config)
	if err != nil {
		return err
	}
	defer x.Close()
	a := accuracy{ModelHash: weights, Train: x.Data.Train.Len(), Classes: x.Plan.Model.Classes, Parts: map[string]paper.Count{}}
	for name, src := range map[string]pipelines.Source{"test": x.Data.Test, "familiar": x.Data.Familiar} {
		if src == nil {
			continue
		}
		e, err := x.Plan.Evaluate(ctx, x.Net, src)
		if err != nil {
			return err
		}
		n := paper.Count{Images: e.Images}
		for class, row := range e.Confusion {
			n.Right += row[class]
		}
		a.Parts[name] = n
	}
	return a.write(j.accuracyPath())
}

func (a accuracy) write(path string) error {
	raw, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return trainer.WriteFile(path, append(raw, '\n'))
}

func readAccuracy(path, weights string) (a accuracy, ok bool) {
	raw, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(raw, &a) != nil || a.ModelHash != weights {
		return accuracy{}, false
	}
	return a, true
}

// evaluations are those for tables that were made of a run's present weights.
// What unwarp attack leaves in the run folder may be of another threat.
func evaluations(dir, weights string) (all []*attacks.Evaluation) {
	homes, _ := filepath.Glob(filepath.Join(dir, tablesDir, "table*"))
	for _, h := range homes {
		if rec, _, err := report.Load(h); err == nil && rec.ModelHash == weights && rec.Part == "test" {
			all = append(all, &rec.Evaluation)
		}
	}
	return all
}
