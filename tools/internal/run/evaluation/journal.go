package evaluation

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"unwarp/attacks/certify"
	"unwarp/attacks/engine"
	"unwarp/attacks/journal"
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
	if err := prepareJournal(path, "an interrupted evaluation", resume, restart); err != nil {
		return nil, err
	}
	j, err := engine.OpenJournal(path, identity)
	return j, refuseJournal(err)
}

// proofJournalFile holds the state of proofs that have not ended.
const proofJournalFile = "proofs.jsonl"

func proofJournalPath(folder string) string {
	return filepath.Join(folder, report.AttackDir, proofJournalFile)
}

// OpenProofJournal is OpenJournal of proofs. With resume it need not be there:
// those of an evaluation may have ended.
func OpenProofJournal(folder string, identity any, resume, restart bool) (*certify.Journal, error) {
	path := proofJournalPath(folder)
	if _, err := os.Stat(path); err != nil {
		resume = false
	}
	if err := prepareJournal(path, "an interrupted certificate", resume, restart); err != nil {
		return nil, err
	}
	j, err := certify.OpenJournal(path, identity)
	return j, refuseJournal(err)
}

// prepareJournal refuses to begin where a journal lies, or to go on where none
// does.
func prepareJournal(path, what string, resume, restart bool) error {
	_, err := os.Stat(path)
	switch {
	case err != nil && resume:
		return experiment.NewConfigError(fmt.Errorf("--resume: there is no interrupted evaluation in %s: leave --resume out", filepath.Dir(path)))
	case err == nil && restart:
		if err := os.Remove(path); err != nil {
			return err
		}
	case err == nil && !resume:
		return experiment.NewConfigError(fmt.Errorf("%s holds %s: continue it with --resume, or discard it with --restart", filepath.Dir(path), what))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return files.NotWritten(path, err)
	}
	return nil
}

// refuseJournal tells journals of other computations from failures.
func refuseJournal(err error) error {
	if errors.Is(err, journal.ErrOther) || errors.Is(err, journal.ErrOld) {
		return experiment.NewConfigError(err)
	}
	return err
}
