package evaluation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/attacks/corruption"
	"unwarp/graphs"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/run/progress"
)

// RunCorruptions measures the subject under the corruptions of its configuration,
// of the images of set or of files, and saves the record in o.Folder. Interrupted,
// it returns an [experiment.InterruptedError] and keeps what is done for
// [Options.Resume].
func RunCorruptions(ctx context.Context, s *experiment.Subject, set attacks.Images, o Options) (report.CorruptionRecord, error) {
	var r report.CorruptionRecord
	reference, err := corruptionBaseline(s)
	if err != nil {
		return r, err
	}
	e, err := newCorruptedModel(ctx, s)
	if err != nil {
		return r, err
	}
	defer e.Close()
	m, done, err := e.corruptions(s, set)
	if err != nil {
		return r, err
	}
	defer done()
	table, err := newComparableTable(m, reference, s.Config.Attack.Baseline, set.Len())
	if err != nil {
		return r, err
	}
	if err := os.MkdirAll(o.Folder, 0o777); err != nil {
		return r, fmt.Errorf("corruptions: %w", files.NotWritten(o.Folder, err))
	}
	lock, err := LockFolder(o.Folder, o.Log)
	if err != nil {
		return r, err
	}
	defer lock.Close()
	state, err := openCorruptionState(o, corruptionIdentity{e.Identity(set), table.Choice, table.Source, m.Source.Fingerprint()}, table)
	if err != nil {
		return r, err
	}
	if o.Title != "" {
		fmt.Fprintln(o.Log, o.Title)
	}
	if err := e.measureCorruptions(ctx, m, set, state, o); err != nil {
		return r, kept(err, attacksKept)
	}
	if r, err = e.corruptionRecord(ctx, s, set, m, state.Table); err != nil {
		return r, kept(err, attacksKept)
	}
	r.AddReference(reference, s.Config.Attack.Baseline)
	if err := CheckFolder(o.Folder, lock); err != nil {
		return r, err
	}
	if err := report.SaveCorruptions(o.Folder, r); err != nil || o.Keep {
		return r, err
	}
	return r, state.remove()
}

// newCorruptedModel is the model that classifies corrupted images. No attack is
// run; one is named since a model under attack has some.
func newCorruptedModel(ctx context.Context, s *experiment.Subject) (*Evaluator, error) {
	c := *s
	a := &c.Config.Attack
	a.Threat, a.Corruptions, a.Attacks, a.Baseline = "", "", []string{"random"}, ""
	a.Checks, a.Precision = 0, graphs.Float32
	return New(ctx, &c, 0)
}

// newComparableTable is the empty table of a measurement; one that could not be
// compared with the reference's is refused before anything is measured.
func newComparableTable(m corruption.Measurement, reference *corruption.Table, baseline string, images int) (*corruption.Table, error) {
	t, err := m.NewTable()
	if err != nil {
		return nil, experiment.NewConfigError(err)
	}
	if reference != nil {
		if err := checkComparable(t, reference, images); err != nil {
			return nil, refuseBaseline("%s: %w", baseline, err)
		}
	}
	return t, nil
}

// checkComparable refuses a reference before anything is measured.
func checkComparable(t, reference *corruption.Table, images int) error {
	filled := *t
	filled.CleanImages = images
	_, err := filled.Compare(reference)
	return err
}

// corruptionBaseline is the table of the reference run; nil without one.
func corruptionBaseline(s *experiment.Subject) (*corruption.Table, error) {
	dir := s.Config.Attack.Baseline
	if dir == "" {
		return nil, nil
	}
	r, err := report.LoadCorruptions(report.CorruptionFolder(dir))
	if err != nil {
		return nil, refuseBaseline("%w", err)
	}
	return &r.Table, nil
}

// corruptions is the measurement that the configuration of s asks for; done closes
// its files.
func (e *Evaluator) corruptions(s *experiment.Subject, set attacks.Images) (m corruption.Measurement, done func(), err error) {
	a, sh := s.Config.Attack, s.Model.Shape()
	m = corruption.Measurement{Model: e.NewRunner(), Size: sh.Len(), Batch: e.Options.Batch}
	if m.Choice, err = a.CorruptionChoice(); err != nil {
		return m, nil, experiment.NewConfigError(err)
	}
	if a.Corruptions == "" {
		m.Source = &corruption.Made{Images: set, H: sh.H, W: sh.W, C: sh.C, Seed: m.Choice.Seed}
		return m, func() {}, nil
	}
	f, err := corruption.OpenFiles(a.Corruptions, a.Images, sh.H, sh.W, sh.C, s.Model.Classes())
	if err != nil {
		return m, nil, experiment.NewConfigError(err)
	}
	m.Source = f
	return m, f.Close, nil
}

// measureCorruptions classifies the clean images, and measures what state lacks.
func (e *Evaluator) measureCorruptions(ctx context.Context, m corruption.Measurement, set attacks.Images, state *corruptionState, o Options) error {
	clean, err := m.Clean(ctx, set)
	if err != nil {
		return err
	}
	state.Table.CleanImages, state.Table.CleanCorrect = clean.Images, clean.Correct
	m.Keep = func(*corruption.Table) error { return state.save() }
	var bar *progress.Bar
	m.Progress = func(done, of int, kind string) {
		if bar == nil {
			bar = progress.New(o.Log, "corrupting", "kinds and severities", int64(of), int64(done-1))
		}
		bar.Set(int64(done), kind)
	}
	err = m.Run(ctx, state.Table)
	if bar != nil {
		bar.Done()
	}
	return err
}

// corruptionRecord is the record of a table, with the checks of the model that
// bear on it and an image to show.
func (e *Evaluator) corruptionRecord(ctx context.Context, s *experiment.Subject, set attacks.Images, m corruption.Measurement, t *corruption.Table) (report.CorruptionRecord, error) {
	base, err := e.Record(ctx, set, &attacks.Evaluation{})
	if err != nil {
		return report.CorruptionRecord{}, err
	}
	base.Asked = nil // there are no sizes
	r := report.CorruptionRecord{About: base.About, Table: *t, Checks: checks.JudgeCorruptions(t)}
	if n := s.Config.Attack.Checks; n > 0 {
		const anyRadius = .1
		in := checks.Input{Reference: e.ReferenceModel, Gradient: e.GradientModel, Images: set, N: min(n, set.Len()), Eps: anyRadius, Batch: e.Options.Batch, Only: []string{"C13", "C14"}}
		more, err := checks.Run(ctx, in, nil)
		if err != nil {
			return r, err
		}
		r.Checks = append(more, r.Checks...)
	}
	shown, err := m.Show(t, 0)
	if err != nil {
		return r, err
	}
	r.SetShown(shown)
	return r, nil
}

// corruptionIdentity is everything that decides a table.
type corruptionIdentity struct {
	Evaluation  Identity `json:"evaluation"`
	Choice      string   `json:"choice"`
	Source      string   `json:"source"`
	Fingerprint string   `json:"fingerprint"`
}

// corruptionStateFile holds a table that is not complete.
const corruptionStateFile = "corruptions.partial.json"

func corruptionStatePath(folder string) string {
	return filepath.Join(folder, report.AttackDir, corruptionStateFile)
}

// HasCorruptionState tells whether a folder holds a measurement that has not
// ended.
func HasCorruptionState(folder string) bool {
	_, err := os.Stat(corruptionStatePath(folder))
	return !errors.Is(err, fs.ErrNotExist)
}
