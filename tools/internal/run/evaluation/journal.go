package evaluation

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"unwarp/attacks/engine"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
)

// journalFile holds the state of an evaluation that has not ended.
const journalFile = "journal.jsonl"

// JournalPath is the file in folder that holds the state of an evaluation.
func JournalPath(folder string) string {
	return filepath.Join(folder, report.AttackDir, journalFile)
}

// OpenJournal begins the state of an evaluation in folder, or with resume goes
// on with it. It is removed first with restart, and an error with neither.
func OpenJournal(folder string, identity any, resume, restart bool) (*engine.Journal, error) {
	path := JournalPath(folder)
	_, err := os.Stat(path)
	switch {
	case err != nil && resume:
		return nil, experiment.NewConfigError(fmt.Errorf("--resume: there is no interrupted evaluation in %s: leave --resume out", filepath.Dir(path)))
	case err == nil && restart:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	case err == nil && !resume:
		return nil, experiment.NewConfigError(fmt.Errorf("%s holds an interrupted evaluation: continue it with --resume, or discard it with --restart", filepath.Dir(path)))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, files.NotWritten(path, err)
	}
	j, err := engine.OpenJournal(path, identity)
	if errors.Is(err, engine.ErrOtherEvaluation) || errors.Is(err, engine.ErrOldJournal) {
		return nil, experiment.NewConfigError(err)
	}
	return j, err
}
