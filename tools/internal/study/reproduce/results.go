package reproduce

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

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
func (j *Job) recall() error {
	weights, err := experiment.WeightsHash(j.Dir, trainer.Last)
	if err != nil {
		return err
	}
	if a, ok := readAccuracy(j.accuracyPath(), weights); ok {
		j.run = &paper.Run{Arm: j.Arm.Name, Seed: j.Seed, Train: a.Train, Classes: a.Classes, Accuracy: a.Parts, Evaluations: readEvaluations(j.Dir, weights)}
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
	if err := os.Mkdir(filepath.Dir(path), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return files.NotWritten(path, err)
	}
	return files.Write(path, append(raw, '\n'))
}

// readEvaluations reads the evaluations of tables. The evaluation that unwarp
// attack leaves in the run folder is not among them: its threat may differ.
func readEvaluations(dir, weights string) (all []*attacks.Evaluation) {
	folders, _ := filepath.Glob(filepath.Join(dir, TablesDir, "table*"))
	for _, folder := range folders {
		if rec, _, err := report.Load(folder); err == nil && rec.ModelHash == weights && rec.Part == "test" {
			all = append(all, &rec.Evaluation)
		}
	}
	return all
}
