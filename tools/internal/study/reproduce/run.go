package reproduce

import (
	"context"
	"fmt"
	"path/filepath"

	"unwarp/attacks"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/paper"
)

// Worker does the work that a reproduction finds missing. Each method is called
// from one goroutine. An interrupted one keeps what is done, and continues when
// it is called again.
type Worker interface {
	// Train trains c in the new run folder c.Run, or resumes the training in it.
	Train(ctx context.Context, c config.Config, resume bool) error
	// CountCorrect counts the images of the parts test and familiar that the last
	// checkpoint of the run c.Run classifies correctly.
	CountCorrect(ctx context.Context, c config.Config) (Accuracy, error)
	// Evaluate runs the attacks of c.Attack on the last checkpoint of the run c.Run
	// and saves the evaluation, called title, in folder.
	Evaluate(ctx context.Context, c config.Config, title, folder string) (*attacks.Evaluation, error)
}

// JobError says at which job a reproduction ended.
type JobError struct {
	Job *Job
	Err error
}

// Error is the text of the wrapped error.
func (e *JobError) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *JobError) Unwrap() error { return e.Err }

// Run makes all jobs and compares the tables with the paper's.
func (r *Reproduction) Run(ctx context.Context, w Worker) ([]paper.Comparison, error) {
	var results paper.Results
	for n, j := range r.Jobs {
		r.note("[%d/%d] %s, seed %d: %s", n+1, len(r.Jobs), j.Arm.Name, j.Seed, j.State)
		if err := r.finishJob(ctx, j, w); err != nil {
			return nil, &JobError{j, err}
		}
		results = append(results, j.run)
	}
	// What takes examples from other runs comes when all are trained.
	for _, j := range r.Jobs {
		if err := r.measure(ctx, j, w, true); err != nil {
			return nil, &JobError{j, err}
		}
	}
	all := []paper.Comparison{} // not null in JSON
	for _, t := range r.Tables {
		all = append(all, paper.Compare(t, results, t.Count(r.Budget), r.deviations(t)...))
	}
	return all, nil
}

// finishJob trains what is not finished, and measures what is missing.
func (r *Reproduction) finishJob(ctx context.Context, j *Job, w Worker) error {
	if j.State != Finished {
		if err := w.Train(ctx, j.Config, j.State == Interrupted); err != nil {
			return err
		}
		if err := r.noteTeacher(j); err != nil {
			return err
		}
		j.State, j.run = Finished, nil
	} else if err := r.checkTeacher(j); err != nil {
		return err
	}
	// Moments of the training set are known only to the run folder.
	c, err := experiment.ReadFolder(j.Dir)
	if err != nil {
		return &study.RequestError{Err: err}
	}
	c.Data.Path, c.Attack = j.Config.Data.Path, config.DefaultAttack() // the tables decide about attacks
	j.Config = c
	if j.run == nil {
		a, err := w.CountCorrect(ctx, c)
		if err != nil {
			return err
		}
		if err := a.write(j.accuracyPath()); err != nil {
			return err
		}
		if err := r.recall(j); err != nil {
			return err
		}
		if j.run == nil {
			return fmt.Errorf("run folder %s: the weights changed while they were measured: give the same command again", j.Dir)
		}
	}
	return r.measure(ctx, j, w, false)
}

// measure makes the evaluations that are missing: those that take examples from
// other runs, or the others.
func (r *Reproduction) measure(ctx context.Context, j *Job, w Worker, fromOthers bool) error {
	for _, t := range j.Tables {
		for _, m := range j.left(t, r.Budget) {
			if fromOthers != (len(m.Sources()) > 0) {
				continue
			}
			folder := filepath.Join(j.Dir, TablesDir, m.Name)
			ev, err := w.Evaluate(ctx, r.attackConfig(j, m), m.Name, folder)
			if err != nil {
				return err
			}
			if err := r.noteSources(j, m, folder); err != nil {
				return err
			}
			j.run.Evaluations = append(j.run.Evaluations, paper.Evaluated{Evaluation: ev, Defence: m.Defence})
		}
	}
	return nil
}

// attackConfig is the run's configuration with the attacks of an evaluation: each
// at every radius, without checks.
func (r *Reproduction) attackConfig(j *Job, m paper.Measurement) config.Config {
	c := j.Config
	c.Attack.Attacks, c.Attack.Images, c.Attack.Exhaustive, c.Attack.Checks = m.Attacks(j.Seed), m.Images, true, 0
	if eps := m.Eps(); eps != "" {
		c.Attack.Eps = eps
	}
	if m.Defence != "" {
		c.Attack.Defence = m.Defence
	}
	for _, arm := range m.Sources() {
		c.Attack.Sources = append(c.Attack.Sources, r.folderOf(arm, j.Seed))
	}
	return c
}

// folderOf is the run folder of an arm.
func (r *Reproduction) folderOf(arm string, seed uint64) string {
	a, _ := paper.FindArm(arm)
	return filepath.Join(r.Runs, a.Folder(seed))
}
