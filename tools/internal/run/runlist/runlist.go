// Package runlist finds run folders and says of each what was trained and how
// good it is, from its files alone. It may import the configuration, experiment
// and report.
package runlist

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// Run is what a run folder tells.
type Run struct {
	Path    string `json:"path"`
	Error   string `json:"error,omitempty"` // why the folder cannot be read; the rest is then empty
	Set     string `json:"set,omitempty"`
	Data    string `json:"data,omitempty"` // the path of its files
	Kind    string `json:"kind,omitempty"`
	Encoder string `json:"encoder,omitempty"`
	Seed    uint64 `json:"seed,omitempty"`
	// Finished tells that the training ended and its results are there.
	Finished bool      `json:"finished"`
	Changed  time.Time `json:"changed"` // the last write of its metrics
	Step     int       `json:"step"`
	Epoch    int       `json:"epoch"`             // under way, from 1, or the last
	Seconds  float64   `json:"seconds,omitempty"` // of training; 0 before the end
	// Accuracy is that of the test images, or before the end the last one of the validation images.
	Accuracy *float64 `json:"accuracy,omitempty"`
	Images   int      `json:"images,omitempty"` // that Accuracy was measured on
	// Attacked is the accuracy under attack at the smallest radius at which attacks were run.
	Attacked *Attacked `json:"attacked,omitempty"`
	Bytes    int64     `json:"bytes"` // on disk
}

// Attacked is an accuracy under attack.
type Attacked struct {
	Norm     string  `json:"norm"`
	Eps      float32 `json:"eps"`
	Accuracy float64 `json:"accuracy"`
	Images   int     `json:"images"`
}

// Find lists the run folders among dirs and in the two levels of folders below them. One of dirs that is no folder is
// an error; a run that cannot be read has an Error.
func Find(dirs []string) ([]Run, error) {
	var found []string
	for _, dir := range dirs {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, fmt.Errorf("runs: %s: want a folder with run folders, got %w: name another", dir, cause(err))
		}
		for _, pattern := range []string{"", "*", "*/*"} {
			// Glob's only error is a malformed pattern; names of folders may hold its special characters.
			at, _ := filepath.Glob(filepath.Join(escape(dir), pattern, experiment.ConfigFile))
			for _, file := range at {
				found = append(found, filepath.Dir(file))
			}
		}
	}
	slices.Sort(found)
	var runs []Run
	for _, dir := range slices.Compact(found) {
		runs = append(runs, read(dir))
	}
	return runs, nil
}

// escape makes of a path a pattern that only it matches.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// read reads what a folder tells.
func read(dir string) Run {
	r := Run{Path: dir, Bytes: size(dir)}
	c, err := experiment.ReadFolder(dir)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	r.Set, r.Data, r.Kind, r.Encoder, r.Seed = c.Data.Set, c.Data.Path, c.Model.Kind, c.Model.Encoder, c.Seed
	r.readMetrics(filepath.Join(dir, trainer.MetricsFile))
	r.readSummary(filepath.Join(dir, "summary.json"))
	r.readEvaluation(dir)
	return r
}

// readMetrics takes the last lines of metrics.jsonl; one that a kill cut off is passed over.
func (r *Run) readMetrics(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		r.Changed = info.ModTime()
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var line struct {
			Kind        string
			Step, Epoch int
			Evaluation  *trainer.Evaluation
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		r.Step, r.Epoch = line.Step, line.Epoch
		if e := line.Evaluation; line.Kind == "validation" && e != nil {
			r.Accuracy, r.Images = &e.Accuracy, e.Images
		}
	}
}

func (r *Run) readSummary(path string) {
	raw, err := os.ReadFile(path)
	var s report.Summary
	if err != nil || json.Unmarshal(raw, &s) != nil {
		return
	}
	r.Finished, r.Step, r.Seconds = true, s.Training.Steps, s.Training.Seconds
	r.Accuracy, r.Images = &s.Test.Accuracy, s.Test.Images
	r.take(s.Attacks)
}

// readEvaluation takes the evaluation of unwarp attack, which may be newer than that of
// the training. One of other images would stand beside an accuracy on the training's own.
func (r *Run) readEvaluation(dir string) {
	record, _, err := report.Load(dir)
	if err != nil || record.OtherData != "" {
		return
	}
	s := report.Summarise(&record)
	r.take(&s)
}

func (r *Run) take(s *report.SummaryData) {
	if s == nil || len(s.Worst) == 0 {
		return
	}
	w := slices.MinFunc(s.Worst, func(a, b report.Point) int {
		if a.Eps < b.Eps {
			return -1
		}
		return 1
	})
	r.Attacked = &Attacked{string(s.Norm), w.Eps, w.Robust.Share, w.Robust.Of}
}

// size is how many bytes the files below dir have.
func size(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}
