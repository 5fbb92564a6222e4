package evaluation

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/report"
)

// LockFolder makes this process the only one that evaluates into folder, which
// must exist. A training may go on in it.
func LockFolder(folder string, log io.Writer) (*files.Lock, error) {
	dir := filepath.Join(folder, report.AttackDir)
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("evaluation: %w", files.NotWritten(dir, err))
	}
	lock, err := files.LockFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("evaluation in %w", err)
	}
	lock.RemoveEmpty()
	if remark := lock.Remark(); remark != "" {
		fmt.Fprintln(log, remark)
	}
	return lock, nil
}

// CheckFolder refuses a folder that was deleted since it was locked: it would be
// made anew, without what it held.
func CheckFolder(folder string, lock *files.Lock) error {
	dir := filepath.Join(folder, report.AttackDir)
	err := lock.Check()
	if _, gone := os.Stat(dir); err == nil && gone != nil {
		err = &files.GoneError{Path: dir}
	}
	if err != nil {
		return fmt.Errorf("evaluation: %w", err)
	}
	return nil
}

// Save saves a record and its pictures in the folder that lock is of, and says
// where an evaluation that it replaces is kept.
func Save(folder string, lock *files.Lock, r report.Record, images report.Images, log io.Writer) error {
	if err := CheckFolder(folder, lock); err != nil {
		return err
	}
	kept, err := report.KeepEarlier(folder, &r)
	if err != nil {
		return err
	}
	if kept != "" {
		fmt.Fprintf(log, "the evaluation that was here is kept in %s\n", kept)
	}
	return report.Save(folder, r, images)
}
