package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"unwarp/pipelines/files"
)

// checkpointName is the form of names that [Checkpoints.Save] gives.
var checkpointName = regexp.MustCompile(`^step-\d{8,}(-best)?(-\d+)?$`)

// removeOutdated removes checkpoints that no pointer names.
func (c Checkpoints) removeOutdated() error {
	keep := c.pointedFolders()
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return fmt.Errorf("checkpoints %w", files.NotRead(c.Dir, err))
	}
	for _, e := range entries {
		dir := filepath.Join(c.Dir, e.Name())
		if keep[dir] || !c.wrote(e.Name()) && !unfinished.MatchString(e.Name()) {
			continue
		}
		if err := files.Remove(dir); err != nil {
			return fmt.Errorf("checkpoint %s: outdated, but cannot be removed: %w: remove it by hand", files.ShortPath(dir), files.Cause(err))
		}
	}
	return nil
}

// foreign reports whether something has this name that was not written here.
func (c Checkpoints) foreign(name string) bool {
	_, err := os.Lstat(filepath.Join(c.Dir, name))
	return err == nil && !c.wrote(name)
}

// wrote reports whether name is a checkpoint as Save writes it: a folder, no
// link, that holds nothing else and knows its own name.
func (c Checkpoints) wrote(name string) bool {
	dir := filepath.Join(c.Dir, name)
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() || !checkpointName.MatchString(name) {
		return false
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if n := e.Name(); e.IsDir() || n != stateFile && n != manifestFile && !strings.HasPrefix(n, dataPrefix+".") {
			return false
		}
	}
	if err != nil || len(entries) == 0 {
		return false
	}
	st, err := readState(dir)
	if st.Name == "" {
		st.Name = fmt.Sprintf("step-%08d", st.Step)
	}
	return errors.Is(err, fs.ErrNotExist) || err == nil && st.Name == name // without state: earlier versions, killed
}

// unfinished is what saves of earlier versions left behind when they were killed.
var unfinished = regexp.MustCompile(`^(step-\d{8,}(-\d+)?\.unfinished|\.(last|best)\.\d+)$`)
