package reproduce

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study/paper"
	"unwarp/trainer"
)

// TablesDir is the folder of measurements in a run folder: accuracy.json, an
// [Accuracy], and a folder with an evaluation for each table.
const TablesDir = "tables"

// Accuracy is what a model classifies correctly without attack.
type Accuracy struct {
	ModelHash string                 `json:"model_hash"`
	Train     int                    `json:"train"` // images trained on
	Classes   int                    `json:"classes"`
	Parts     map[string]paper.Count `json:"parts"`
}

func (j *Job) accuracyPath() string { return filepath.Join(j.Dir, TablesDir, "accuracy.json") }

// recall reads what was measured of the run's present weights. Measurements of
// other weights do not count.
func (r *Reproduction) recall(j *Job) error {
	weights, err := experiment.WeightsHash(j.Dir, trainer.Last)
	if err != nil {
		return err
	}
	if a, ok := readAccuracy(j.accuracyPath(), weights); ok {
		j.run = &paper.Run{Arm: j.Arm.Name, Seed: j.Seed, Train: a.Train, Classes: a.Classes, Accuracy: a.Parts, Evaluations: r.readEvaluations(j, weights)}
	}
	return nil
}

func readAccuracy(path, weights string) (a Accuracy, ok bool) {
	raw, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(raw, &a) != nil || a.ModelHash != weights {
		return Accuracy{}, false
	}
	return a, true
}

func (a Accuracy) write(path string) error {
	raw, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	if err := makeTablesFolder(filepath.Dir(filepath.Dir(path))); err != nil {
		return err
	}
	return files.Write(path, append(raw, '\n'))
}

// makeTablesFolder makes the folder of measurements in a run folder, if there is none.
func makeTablesFolder(dir string) error {
	path := filepath.Join(dir, TablesDir)
	if err := os.Mkdir(path, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return files.NotWritten(path, err)
	}
	return nil
}

// sourcesFile names, in the folder of an evaluation, the weights of the runs that
// examples came from.
const sourcesFile = "sources.json"

// noteSources writes that file, where an evaluation has sources.
func (r *Reproduction) noteSources(j *Job, m paper.Measurement, folder string) error {
	if len(m.Sources()) == 0 {
		return nil
	}
	hashes := map[string]string{}
	for _, arm := range m.Sources() {
		weights, err := experiment.WeightsHash(r.folderOf(arm, j.Seed), trainer.Last)
		if err != nil {
			return err
		}
		hashes[arm] = weights
	}
	raw, err := json.Marshal(hashes)
	if err != nil {
		return err
	}
	return files.Write(filepath.Join(folder, sourcesFile), append(raw, '\n'))
}

// sourcesChanged tells whether a source of an evaluation may have other weights now:
// a command that was killed did not name them.
func (r *Reproduction) sourcesChanged(j *Job, folder string, e attacks.Evaluation) bool {
	if !slices.ContainsFunc(e.Attacks, func(a attacks.AttackResult) bool { return strings.HasPrefix(a.Attack, "transfer(") }) {
		return false
	}
	raw, err := os.ReadFile(filepath.Join(folder, sourcesFile))
	var hashes map[string]string
	if err != nil || json.Unmarshal(raw, &hashes) != nil {
		return true
	}
	for arm, was := range hashes {
		if now, err := experiment.WeightsHash(r.folderOf(arm, j.Seed), trainer.Last); err != nil || now != was {
			return true
		}
	}
	return false
}

// readEvaluations reads the evaluations of tables. The evaluation that unwarp
// attack leaves in the run folder is not among them: its threat may differ.
func (r *Reproduction) readEvaluations(j *Job, weights string) (all []paper.Evaluated) {
	folders, _ := filepath.Glob(filepath.Join(j.Dir, TablesDir, "*"))
	for _, folder := range folders {
		rec, _, err := report.Load(folder)
		if err != nil || rec.ModelHash != weights || rec.Part != "test" || r.sourcesChanged(j, folder, rec.Evaluation) {
			continue
		}
		_, defence := report.SplitDefended(rec.Kind)
		all = append(all, paper.Evaluated{Evaluation: &rec.Evaluation, Defence: defence})
	}
	return all
}
