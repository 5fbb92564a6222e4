package evaluation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/attacks/engine"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
)

// Options say how an evaluation is run and kept.
type Options struct {
	Title   string    // what is evaluated, in one line for Log
	Folder  string    // takes the journal and the record, under [report.AttackDir]
	Resume  bool      // go on with the journal in Folder
	Restart bool      // remove the journal in Folder
	Log     io.Writer // for a person: progress bars and remarks
}

// What is said of an interruption.
const (
	attacksKept = experiment.InterruptedError("interrupted; what is done is kept")
	checksLost  = experiment.InterruptedError("interrupted during the checks; the attacks are kept")
)

// Run attacks the images of set, checks the evaluation, and saves its record
// and pictures in o.Folder. Interrupted, it returns an
// [experiment.InterruptedError] and keeps what is done for [Options.Resume].
func (e *Evaluator) Run(ctx context.Context, set attacks.Images, o Options) (report.Record, error) {
	if err := e.checkBaseline(set); err != nil {
		return report.Record{}, err
	}
	lock, err := LockFolder(o.Folder, o.Log)
	if err != nil {
		return report.Record{}, err
	}
	defer lock.Close()
	journal, err := OpenJournal(o.Folder, e.Identity(set), o.Resume, o.Restart)
	if err != nil {
		return report.Record{}, err
	}
	defer journal.Close()
	if o.Title != "" {
		fmt.Fprintln(o.Log, o.Title)
	}
	e.ReportSkipped(o.Log)
	if n := journal.Len(); n > 0 {
		fmt.Fprintf(o.Log, "continuing after %d attempts\n", n)
	}
	if journal.Dropped() > 0 {
		fmt.Fprintf(o.Log, "the last line of %s was cut off and is dropped: this attempt is made again\n", journal.Path())
	}
	ev, err := e.Attack(ctx, set, journal, o.Log)
	if err != nil {
		return report.Record{}, kept(err, attacksKept)
	}
	if ev.Refuted > 0 {
		fmt.Fprintf(o.Log, "%d examples in the journal did not hold when they were verified again: these attempts were made anew\n", ev.Refuted)
	}
	r, err := e.Record(ctx, set, ev)
	if err != nil {
		return r, kept(err, attacksKept)
	}
	if n := e.subject.Config.Attack.Checks; n > 0 {
		if r.Checks, err = e.Check(ctx, set, ev, min(n, set.Len()), o.Log); err != nil {
			return r, kept(err, checksLost)
		}
	}
	if err := Save(o.Folder, lock, r, report.KeepImages(set, ev, e.subject.Model.Shape()), o.Log); err != nil {
		return r, err
	}
	if ev.Stopped == "" {
		os.Remove(journal.Path())
	}
	return r, nil
}

// kept replaces the error of an interruption.
func kept(err error, by experiment.InterruptedError) error {
	if errors.Is(err, context.Canceled) {
		return by
	}
	return err
}

// ReportSkipped writes a line for each attack of an ensemble that is not
// defined for the model.
func (e *Evaluator) ReportSkipped(log io.Writer) {
	for _, k := range e.Skipped {
		fmt.Fprintf(log, "left out: %s is not defined for this model in %s\n", k, e.subject.Config.Attack.Norm)
	}
}

// Attack runs the attacks with a progress bar; journal may be nil.
func (e *Evaluator) Attack(ctx context.Context, set attacks.Images, journal *engine.Journal, log io.Writer) (*attacks.Evaluation, error) {
	var bar *progress.Bar
	ev, err := e.Engine.Run(ctx, set, journal, func(p engine.Progress) {
		if bar == nil {
			bar = progress.New(log, "attacking", "attempts", int64(p.Of), int64(journal.Len()))
		}
		name, _, _ := strings.Cut(p.Attack, "(")
		bar.Set(int64(p.Done), fmt.Sprintf("%s, misclassified %d/%d", name, p.Misclassified, p.Correct))
	})
	if bar != nil {
		bar.Done()
	}
	return ev, err
}

// Check asks on n images whether the evaluation can be trusted.
func (e *Evaluator) Check(ctx context.Context, set attacks.Images, ev *attacks.Evaluation, n int, log io.Writer) ([]checks.Result, error) {
	in := checks.Input{Reference: e.ReferenceModel, Gradient: e.GradientModel, Images: set, Evaluation: ev, Baseline: e.baselineEvaluation(), N: n, Batch: e.Options.Batch}
	var bar *progress.Bar
	r, err := checks.Run(ctx, in, func(p checks.Progress) {
		if bar == nil {
			bar = progress.New(log, "checking", "checks", int64(p.Of), 0)
		}
		bar.Set(int64(p.Done), p.Doing)
	})
	if bar != nil {
		bar.Done()
	}
	return r, err
}
