package evaluation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/checks"
	"unwarp/attacks/engine"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
)

// Options say how an evaluation is run and kept.
type Options struct {
	Title   string // what is evaluated, in one line for Log
	Folder  string // takes the journal and the record, under [report.AttackDir]
	Resume  bool   // go on with the journal in Folder
	Restart bool   // remove the journal in Folder
	Keep    bool   // keep the journal of an evaluation that has ended
	// Export, unless nil, is called with the record and its pictures before they are
	// saved, and may name in it where it put a copy. Its error ends the evaluation
	// after they are saved.
	Export func(r *report.Record) error
	// The rest is for [Evaluator.Certify].
	Radius bool          // search the largest radius proven of each image
	Shard  attacks.Shard // ask about some of the images alone
	From   []string      // folders with evaluations whose proofs are taken over
	Log    io.Writer     // for a person: progress bars and remarks
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
	present := e.present(o.Folder, set)
	proofs, err := e.newProofs(set, o, present)
	if err != nil {
		if journal.Len() == 0 { // nothing was attacked
			os.Remove(journal.Path())
		}
		return report.Record{}, err
	}
	defer proofs.close()
	e.announce(journal, o)
	if err := proofs.beforeAttacks(ctx); err != nil {
		return report.Record{}, kept(err, attacksKept)
	}
	ev, err := e.Attack(ctx, set, journal, o.Log)
	if err == nil {
		err = proofs.afterAttacks(ctx, ev)
	}
	if err != nil {
		return report.Record{}, kept(err, attacksKept)
	}
	reportRefuted(ev, o.Log)
	certificates, err := e.certificates(set, present, proofs)
	if err != nil {
		return report.Record{}, err
	}
	r, err := e.conclude(ctx, set, ev, lock, o, func(r *report.Record) { r.Certificates = certificates })
	if err == nil && ev.Stopped == "" {
		if !o.Keep {
			os.Remove(journal.Path())
		}
		proofs.end()
	}
	if err != nil {
		return r, err
	}
	return r, contradiction(r.Checks)
}

// announce says what is evaluated, and what of it is done.
func (e *Evaluator) announce(journal *engine.Journal, o Options) {
	if o.Title != "" {
		fmt.Fprintln(o.Log, o.Title)
	}
	e.ReportSkipped(o.Log)
	e.RemarkReach(o.Log)
	if n := journal.Len(); n > 0 {
		fmt.Fprintf(o.Log, "continuing after %d attempts\n", n)
	}
	if journal.Dropped() > 0 {
		fmt.Fprintf(o.Log, "the last line of %s was cut off and is dropped: this attempt is made again\n", journal.Path())
	}
}

func reportRefuted(ev *attacks.Evaluation, log io.Writer) {
	if ev.Refuted > 0 {
		fmt.Fprintf(log, "%d examples in the journal did not hold when they were verified again: these attempts were made anew\n", ev.Refuted)
	}
}

// conclude checks the evaluation of set, and saves its record and pictures in
// o.Folder, which lock is of. about adds to the record.
func (e *Evaluator) conclude(ctx context.Context, set attacks.Images, ev *attacks.Evaluation, lock *files.Lock, o Options, about func(r *report.Record)) (report.Record, error) {
	r, err := e.Record(ctx, set, ev)
	if err != nil {
		return r, kept(err, attacksKept)
	}
	about(&r)
	if r.Checks, err = e.checkRecord(ctx, set, &r, o.Folder, o.Log); err != nil {
		return r, kept(err, checksLost)
	}
	if err := e.judgeRequirements(&r); err != nil {
		return r, err
	}
	var exported error
	if o.Export != nil {
		exported = o.Export(&r)
	}
	err = Save(o.Folder, lock, r, report.KeepImages(set, ev, e.subject.Model.Shape()), o.Log)
	return r, errors.Join(err, exported)
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
		fmt.Fprintf(log, "left out: %s\n", k)
	}
}

// Attack runs the attacks with a progress bar, on workers where there are any;
// journal may be nil.
func (e *Evaluator) Attack(ctx context.Context, set attacks.Images, journal *engine.Journal, log io.Writer) (*attacks.Evaluation, error) {
	var bar *progress.Bar
	end, err := e.useWorkers(ctx, func(text string) {
		if bar != nil {
			bar.Note("%s", text)
		} else {
			fmt.Fprintln(log, text)
		}
	})
	if err != nil {
		return nil, err
	}
	defer end()
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

// checkRecord makes the configured checks, and whether proofs and examples
// contradict each other in any case.
func (e *Evaluator) checkRecord(ctx context.Context, set attacks.Images, r *report.Record, folder string, log io.Writer) ([]checks.Result, error) {
	if n := e.subject.Config.Attack.Checks; n > 0 {
		if e.Options.Time > 0 {
			fmt.Fprintln(log, "now the checks, which attack.minutes (--minutes) does not bound: --checks 0 leaves them out")
		}
		return e.Check(ctx, set, &r.Evaluation, r.Certificates, min(n, set.Len()), e.otherThreats(folder), log)
	}
	return checkProofs(ctx, r)
}

// Check asks on n images whether the evaluation can be trusted; others are the
// threats of which the model has evaluations too.
func (e *Evaluator) Check(ctx context.Context, set attacks.Images, ev *attacks.Evaluation, proofs []certify.Certificate, n int, others []string, log io.Writer) ([]checks.Result, error) {
	in := checks.Input{Reference: e.ReferenceModel, Gradient: e.GradientModel, Images: set, Evaluation: ev, Certificates: proofs, OtherThreats: others, Baseline: e.baselineEvaluation(), N: n, Batch: e.Options.Batch}
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
