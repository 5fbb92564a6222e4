package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/evaluation"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// Files of a run folder that follow the training.
const (
	exportDir   = "export"
	summaryFile = "summary.json"
)

// concludeAtBest concludes with the checkpoint best where there is one.
func concludeAtBest(ctx context.Context, x *experiment.Experiment, place files.Place, s *report.Summary, log io.Writer) error {
	best, st, err := x.Trained(s.Run)
	if err != nil {
		return err
	}
	if s.Checkpoint = best.Source.Checkpoint(); best != x {
		defer best.Close()
		s.CheckpointStep = st.Step
	}
	return conclude(ctx, best, place, s, log)
}

// conclude does what follows training: test, attacks, pictures, export,
// summary.json.
func conclude(ctx context.Context, x *experiment.Experiment, place files.Place, s *report.Summary, log io.Writer) error {
	var err error
	var worst []trainer.Mistake
	if s.Test, worst, err = x.Graph.EvaluateWithMistakes(ctx, x.Net, x.Data.Test, report.MistakesShown); err != nil {
		return err
	}
	overfitted, err := warnOverfitted(ctx, x)
	if err != nil {
		return err
	}
	for _, warning := range overfitted {
		fmt.Fprintln(log, warning)
	}
	s.Warnings = append(s.Warnings, overfitted...)
	if s.Test.Verified, err = x.Graph.EvaluateVerified(ctx, x.Net, x.Data.Test); err != nil {
		return err
	}
	set, err := x.AttackedImages(ctx)
	if err != nil {
		return err
	}
	var r *report.Record
	if x.Config.Attack.MeasuresCorruptions() {
		o := evaluation.Options{Folder: report.CorruptionFolder(s.Run), Restart: true, Log: log}
		if _, err := evaluation.RunCorruptions(ctx, &x.Subject, set, o); err != nil {
			return err
		}
	} else if len(x.Config.Attack.Attacks) > 0 {
		if r, err = attack(ctx, x, set, s.Run, log); err != nil {
			return err
		}
		f := report.Summarise(r)
		s.Attacks = &f
	}
	if s.Pictures, err = drawTraining(x, s, worst); err != nil {
		return err
	}
	more, err := drawPictures(x, s.Run, set, r)
	if err != nil {
		return err
	}
	s.Pictures = append(s.Pictures, more...)
	if err := place.Check(); err != nil { // before the export would make it anew
		return fmt.Errorf("run folder %w", err)
	}
	to := filepath.Join(s.Run, exportDir)
	e, err := x.Graph.WriteSavedModel(x.Net, to, x.Config.Export, nil)
	if err != nil {
		return err
	}
	e.Path = to
	s.Export, s.Finished = &e, time.Now().UTC()
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := files.Write(filepath.Join(s.Run, summaryFile), append(raw, '\n')); err != nil {
		return err
	}
	return checkComplete(place, s)
}

// checkComplete makes sure that what a finished run says of its files is true.
func checkComplete(place files.Place, s *report.Summary) error {
	if err := place.Check(); err != nil {
		return fmt.Errorf("run folder %w", err)
	}
	paths := slices.Clone(s.Pictures)
	for _, name := range []string{experiment.ConfigFile, trainer.MetricsFile, trainer.EventsDir, filepath.Join(trainer.CheckpointsDir, trainer.Last), filepath.Join(exportDir, "saved_model.pb"), summaryFile} {
		paths = append(paths, filepath.Join(s.Run, name))
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("run folder: %w", &files.GoneError{Path: path})
		}
	}
	return nil
}

// attack runs the configured attacks, those on a norm in full, each at every
// radius: after a training they are few. Checks and proofs are left to
// unwarp attack.
func attack(ctx context.Context, x *experiment.Experiment, set attacks.Images, dir string, log io.Writer) (*report.Record, error) {
	threat, err := x.Config.Attack.ParseThreat()
	if err != nil {
		return nil, err
	}
	x.Config.Attack.Checks, x.Config.Attack.Certify = 0, ""
	if !threat.IsGeometric() { // whose attacks are many
		x.Config.Attack.Exhaustive = true
	}
	dir = report.ThreatFolder(dir, threat)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("evaluation: %w", files.NotWritten(dir, err))
	}
	e, err := evaluation.New(ctx, &x.Subject, report.PictureColumns)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	lock, err := evaluation.LockFolder(dir, log)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	ev, err := e.Attack(ctx, set, nil, log)
	if err != nil {
		return nil, err
	}
	r, err := e.Record(ctx, set, ev)
	if err != nil {
		return nil, err
	}
	return &r, evaluation.Save(dir, lock, r, report.KeepImages(set, ev, x.Graph.Shape), log)
}

// drawTraining writes pictures of the training and of the test of its model: curves,
// the confusion matrix, the worst mistakes.
func drawTraining(x *experiment.Experiment, s *report.Summary, worst []trainer.Mistake) ([]string, error) {
	dir := filepath.Join(s.Run, report.PicturesDir)
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("pictures: %w", files.NotWritten(dir, err))
	}
	curves, err := report.WriteCurves(s.Run)
	if err != nil {
		return nil, err
	}
	paths := []string{curves}
	tested, err := pictures(nil,
		named{"test/confusion", report.DrawConfusion("test", pipelines.ClassNames(x.Data.Test), s.Test)},
		named{"test/mistakes", report.DrawMistakes("test", s.Test, worst, x.Data.Test, x.Graph.Shape)})
	if err != nil {
		return nil, err
	}
	for _, p := range tested {
		path, err := report.WritePicture(s.Run, strings.TrimPrefix(p.Tag, "test/")+".png", p.PNG)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, trainer.WriteBoard(s.Run, s.Training.Steps, tested)
}

// drawPictures writes pictures of the first images of set: reconstructions,
// where the model has them, and adversarial examples, where r is not nil.
func drawPictures(x *experiment.Experiment, dir string, set attacks.Images, r *report.Record) ([]string, error) {
	var paths []string
	if x.Graph.Model.Decode {
		few := set.Pixels[:min(report.PictureColumns, set.Len())*x.Graph.Shape.Len()]
		d, err := x.Graph.Decode(x.Net, few)
		if err != nil {
			return nil, err
		}
		p, err := report.WriteReconstructions(dir, few, d, x.Graph.Shape)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	if r != nil {
		p, err := report.WriteAdversarial(dir, set, r, x.Graph.Shape)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, nil
}
