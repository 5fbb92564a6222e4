package reproduce

import (
	"context"
	"errors"
	"io"
	"os"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/attacks/journal"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/training"
	"unwarp/tools/internal/study/paper"
	"unwarp/trainer"
)

// Program is the [Worker] that trains and attacks models as the commands train
// and attack do.
type Program struct {
	// Log takes progress bars and remarks for a person.
	Log io.Writer
	// Note reports what is being done.
	Note func(format string, args ...any)
}

// Train implements [Worker].
func (p Program) Train(ctx context.Context, c config.Config, resume bool) error {
	folder := ""
	if resume {
		folder = c.Run
	}
	_, err := training.Run(ctx, c, folder, p.Log)
	return err
}

// open restores the last checkpoint of a run.
func (Program) open(ctx context.Context, c config.Config) (*experiment.Experiment, error) {
	src, err := experiment.OpenSource(c.Run, trainer.Last)
	if err != nil {
		return nil, err
	}
	x, _, err := experiment.Open(ctx, src, c)
	return x, err
}

// CountCorrect implements [Worker].
func (p Program) CountCorrect(ctx context.Context, c config.Config) (Accuracy, error) {
	weights, err := experiment.WeightsHash(c.Run, trainer.Last)
	if err != nil {
		return Accuracy{}, err
	}
	x, err := p.open(ctx, c)
	if err != nil {
		return Accuracy{}, err
	}
	defer x.Close()
	a := Accuracy{ModelHash: weights, Train: x.Data.Train.Len(), Classes: x.Graph.Model.Classes, Parts: map[string]paper.Count{}}
	for _, name := range []string{"train", "test", "familiar"} {
		src, err := x.Part(ctx, name)
		if err != nil {
			return a, err
		}
		if src == nil {
			continue
		}
		e, err := x.Graph.Evaluate(ctx, x.Net, src)
		if err != nil {
			return a, err
		}
		n := paper.Count{Images: e.Images}
		for class, row := range e.Confusion {
			n.Right += row[class]
		}
		a.Parts[name] = n
	}
	return a, nil
}

// Evaluate implements [Worker].
func (p Program) Evaluate(ctx context.Context, c config.Config, title, folder string) (*attacks.Evaluation, error) {
	x, err := p.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	set, err := x.AttackedImages(ctx)
	if err != nil {
		return nil, err
	}
	e, err := evaluation.New(ctx, &x.Subject, report.PictureColumns)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, files.NotWritten(folder, err)
	}
	lock, err := evaluation.LockFolder(folder, p.Log)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	journal, err := openJournal(folder, e.Identity(set))
	if err != nil {
		return nil, err
	}
	defer journal.Close()
	p.Note("%s: %s on %s", title, printable.Count(len(c.Attack.Attacks), "attack"), printable.Count(set.Len(), "image"))
	ev, err := e.Attack(ctx, set, journal, p.Log)
	if err != nil {
		return nil, err
	}
	if err := evaluation.CheckFolder(folder, lock); err != nil {
		return nil, err
	}
	rec, err := e.Record(ctx, set, ev)
	if err != nil {
		return nil, err
	}
	if err := report.Save(folder, rec, report.KeepImages(set, ev, x.Graph.Shape)); err != nil {
		return nil, err
	}
	return ev, os.Remove(journal.Path())
}

// openJournal opens the journal in folder. One of another evaluation, of other
// weights or another budget, is replaced.
func openJournal(folder string, identity any) (*engine.Journal, error) {
	path := evaluation.JournalPath(folder)
	j, err := engine.OpenJournal(path, identity)
	if !errors.Is(err, journal.ErrOther) && !errors.Is(err, journal.ErrOld) {
		return j, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return engine.OpenJournal(path, identity)
}
