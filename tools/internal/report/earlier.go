package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/pipelines/files"
)

// EarlierDir is the folder of a run folder that keeps evaluations which others
// have replaced, each in a folder that [Load] reads.
const EarlierDir = "earlier"

// KeepEarlier copies the evaluation in a run folder under another name before
// next replaces it, and returns the copy's folder. Nothing is copied where there
// is none, or where next measures again all that it measured.
func KeepEarlier(run string, next *Record) (kept string, err error) {
	raw, err := os.ReadFile(filepath.Join(run, AttackDir, recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	var old Record
	if err == nil && json.Unmarshal(raw, &old) == nil && next.covers(&old) {
		return "", nil
	}
	if err == nil {
		kept, err = copyEvaluation(run)
	}
	if err != nil {
		return "", fmt.Errorf("evaluation: the earlier one cannot be kept: %w", files.NotWritten(filepath.Join(run, EarlierDir), err))
	}
	return kept, nil
}

// covers reports whether r measures all that old did, of the same model and
// images.
func (r *Record) covers(old *Record) bool {
	a, b := r.Evaluation, old.Evaluation
	if old.Format != RecordFormat || r.ModelHash != old.ModelHash || r.DataHash != old.DataHash || r.Precision != old.Precision || a.Norm != b.Norm || a.Threat != b.Threat || a.Lattice != b.Lattice {
		return false
	}
	if a.Stopped != "" && b.Stopped == "" || len(r.Checks) == 0 && len(old.Checks) > 0 {
		return false
	}
	for _, was := range b.Attacks {
		if !slices.ContainsFunc(a.Attacks, func(is attacks.AttackResult) bool {
			return is.Attack == was.Attack && slices.Equal(is.Radii, was.Radii)
		}) {
			return false
		}
	}
	return r.coversProofs(old)
}

// coversProofs reports whether r has a certificate of each threat and model that
// old has one of.
func (r *Record) coversProofs(old *Record) bool {
	for _, was := range old.Certificates {
		if !slices.ContainsFunc(r.Certificates, func(is certify.Certificate) bool {
			return is.Threat == was.Threat && is.Proves == was.Proves && is.Model == was.Model && is.Data == was.Data
		}) {
			return false
		}
	}
	return true
}

// copyEvaluation copies the evaluation of a run folder into one named by the
// time of its file.
func copyEvaluation(run string) (string, error) {
	from := filepath.Join(run, AttackDir)
	info, err := os.Stat(filepath.Join(from, recordFile))
	if err != nil {
		return "", err
	}
	to := filepath.Join(run, EarlierDir, info.ModTime().Format("2006-01-02-150405"))
	if err := os.MkdirAll(filepath.Join(to, AttackDir), 0o777); err != nil {
		return "", err
	}
	for _, name := range []string{imagesFile, recordFile} {
		raw, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = files.Write(filepath.Join(to, AttackDir, name), raw)
		}
		if err != nil {
			return "", err
		}
	}
	return to, nil
}
