package evaluation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"unwarp/attacks/corruption"
	"unwarp/attacks/journal"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/run/experiment"
)

// corruptionState is a table that is being measured, as its file has it. The file
// is written anew after each kind and severity.
type corruptionState struct {
	Identity json.RawMessage   `json:"identity"`
	Table    *corruption.Table `json:"table"`
	path     string
}

// openCorruptionState begins a table, or with resume goes on with the one in the
// folder.
func openCorruptionState(o Options, identity any, empty *corruption.Table) (*corruptionState, error) {
	s := &corruptionState{Table: empty, path: corruptionStatePath(o.Folder)}
	var err error
	if s.Identity, err = json.Marshal(identity); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(s.path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !missing:
		return nil, fmt.Errorf("corruptions: %w", err)
	case missing && o.Resume:
		return nil, experiment.NewConfigError(fmt.Errorf("--resume: there is no interrupted measurement in %s: leave --resume out", filepath.Dir(s.path)))
	case missing || o.Restart:
		return s, s.save()
	case !o.Resume:
		return nil, experiment.NewConfigError(fmt.Errorf("%s holds an interrupted measurement: continue it with --resume, or discard it with --restart", filepath.Dir(s.path)))
	}
	return s, s.read(raw)
}

// read takes in the file of an earlier session.
func (s *corruptionState) read(raw []byte) error {
	var was corruptionState
	if err := json.Unmarshal(raw, &was); err != nil || was.Table == nil {
		return experiment.NewConfigError(fmt.Errorf("%s: want an interrupted measurement, got other content: begin again (--restart)", files.ShortPath(s.path)))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, was.Identity); err != nil || !bytes.Equal(compact.Bytes(), s.Identity) {
		differs, err := journal.DescribeDifferences(was.Identity, s.Identity)
		if err != nil {
			differs = "its identity cannot be read"
		}
		return experiment.NewConfigError(fmt.Errorf("%s belongs to another measurement: %s: continue as it was begun, or begin again (--restart)", files.ShortPath(s.path), differs))
	}
	if err := s.checkTable(was.Table); err != nil {
		return experiment.NewConfigError(fmt.Errorf("%s: %w: begin again (--restart)", files.ShortPath(s.path), err))
	}
	s.Table = was.Table
	return nil
}

// checkTable refuses a table that is not the wanted one, filled in part.
func (s *corruptionState) checkTable(t *corruption.Table) error {
	if len(t.Kinds) != len(s.Table.Kinds) || len(t.Severities) != len(s.Table.Severities) {
		return fmt.Errorf("want a table of %d kinds and %d severities, got %d and %d", len(s.Table.Kinds), len(s.Table.Severities), len(t.Kinds), len(t.Severities))
	}
	for i, k := range t.Kinds {
		if k.Name != s.Table.Kinds[i].Name || len(k.Cells) != len(t.Severities) {
			return fmt.Errorf("want the kind %s with %d severities, got %q with %d", s.Table.Kinds[i].Name, len(t.Severities), k.Name, len(k.Cells))
		}
		for _, c := range k.Cells {
			if c.Correct < 0 || c.Correct > c.Images {
				return fmt.Errorf("want counts of 0 or more, got %d of %d", c.Correct, c.Images)
			}
		}
	}
	return nil
}

func (s *corruptionState) save() error {
	raw, err := json.Marshal(s)
	if err == nil {
		err = files.Write(s.path, append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("corruptions: %w", err)
	}
	return nil
}

// remove removes the file of a table that is complete.
func (s *corruptionState) remove() error {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("corruptions: %w", err)
	}
	return nil
}

// RemoveState removes what a folder keeps of an evaluation to be resumed, which
// has ended.
func RemoveState(folder string) {
	os.Remove(JournalPath(folder))
	os.Remove(corruptionStatePath(folder))
}
