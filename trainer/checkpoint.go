package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"unwarp/graphs"
)

// State is what a checkpoint holds besides the variables.
type State struct {
	Step      int     `json:"step"`      // steps done
	Images    int     `json:"images"`    // images seen
	Seconds   float64 `json:"seconds"`   // spent training so far
	Waited    float64 `json:"waited"`    // seconds of these spent waiting for data
	BestStep  int     `json:"best_step"` // 0 = none evaluated yet
	Best      float64 `json:"best"`      // validation accuracy at BestStep; with an adversary, that under attack
	Evaluated int     `json:"evaluated"` // step of the last evaluation
	Identity  string  `json:"plan"`      // hash of what determines the run
}

// Checkpoints is the folder of a run's checkpoints:
//
//	step-00000500/   variables.index, variables.data-…, manifest.txt, state.json
//	last             text: the folder to resume from
//	best             text: the folder with the best validation accuracy, with an
//	                 adversary the best under attack
//
// A checkpoint is written under a temporary name, synced and renamed before
// the pointer moves, so that a kill at any moment leaves the previous one.
type Checkpoints struct{ Dir string }

// Pointers to a checkpoint.
const (
	Last = "last"
	Best = "best"
)

const (
	manifestFile = "manifest.txt"
	stateFile    = "state.json"
	unfinished   = ".unfinished"
)

// unreadableAdvice says what to do about a checkpoint that cannot be read.
const unreadableAdvice = "take the other of last and best, or write the name of a whole checkpoint beside it into the pointer file"

// Save writes the variables and state and moves the pointers named, in this
// order: a run resumes from Last, so it goes last.
func (c Checkpoints) Save(g *TrainGraph, net *graphs.Net, st State, pointers ...string) error {
	name := c.unusedName(st.Step)
	final := filepath.Join(c.Dir, name)
	if err := c.write(g, net, st, final); err != nil {
		return fmt.Errorf("checkpoint %s: not written: %w: free space or choose another run folder; the previous checkpoint is untouched", final, err)
	}
	for _, ptr := range pointers {
		if err := WriteFile(filepath.Join(c.Dir, ptr), []byte(name+"\n")); err != nil {
			return fmt.Errorf("checkpoint %s: pointer %q not moved: %w: free space or choose another run folder; it still names the previous checkpoint", final, ptr, err)
		}
	}
	return c.removeOutdated()
}

// unusedName is a name for a checkpoint of step that no pointer names: a folder
// that one names must stay until the pointer has moved.
func (c Checkpoints) unusedName(step int) string {
	name := fmt.Sprintf("step-%08d", step)
	taken := c.pointedFolders()
	for n := 2; taken[filepath.Join(c.Dir, name)]; n++ {
		name = fmt.Sprintf("step-%08d-%d", step, n)
	}
	return name
}

// pointedFolders are the folders that pointers name.
func (c Checkpoints) pointedFolders() map[string]bool {
	dirs := map[string]bool{}
	for _, ptr := range []string{Last, Best} {
		if dir, err := c.folderOf(ptr); err == nil {
			dirs[dir] = true
		}
	}
	return dirs
}

func (c Checkpoints) write(g *TrainGraph, net *graphs.Net, st State, final string) error {
	if err := c.removeUnfinished(); err != nil {
		return err
	}
	tmp := final + unfinished
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := g.Saver.write(net, tmp); err != nil {
		return err
	}
	state, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(tmp, stateFile), append(state, '\n'), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(tmp, manifestFile), []byte(net.Vars.Manifest()), 0o644); err != nil {
		return err
	}
	if err := syncTree(tmp); err != nil {
		return err
	}
	// A folder of this name is a save that was killed before a pointer moved.
	if err := os.RemoveAll(final); err != nil {
		return err
	}
	if err := os.Rename(tmp, final); err != nil {
		return err
	}
	return syncPath(c.Dir)
}

// Load restores the variables from the checkpoint that pointer names.
func (c Checkpoints) Load(g *TrainGraph, net *graphs.Net, pointer string) (State, error) {
	var st State
	dir, err := c.folderOf(pointer)
	if err != nil {
		return st, err
	}
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err == nil {
		err = json.Unmarshal(raw, &st)
	}
	if err != nil {
		return st, fmt.Errorf("checkpoint %s: want a readable %s: %w: %s", dir, stateFile, err, unreadableAdvice)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return st, fmt.Errorf("checkpoint %s: want a readable %s: %w: %s", dir, manifestFile, err, unreadableAdvice)
	}
	if err := g.Saver.read(net, dir, string(manifest)); err != nil {
		var m *MismatchError
		if errors.As(err, &m) {
			return st, err
		}
		return st, fmt.Errorf("checkpoint %s: cannot be restored: %w: %s", dir, err, unreadableAdvice)
	}
	return st, nil
}

// Path is the folder of the checkpoint that pointer names.
func (c Checkpoints) Path(pointer string) (string, error) { return c.folderOf(pointer) }

// Exists reports whether the pointer is there.
func (c Checkpoints) Exists(pointer string) bool {
	_, err := os.Stat(filepath.Join(c.Dir, pointer))
	return err == nil
}

func (c Checkpoints) folderOf(pointer string) (string, error) {
	raw, err := os.ReadFile(filepath.Join(c.Dir, pointer))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("checkpoint %s: want a pointer file %q, found none: has the run saved anything yet?", c.Dir, pointer)
	}
	if err != nil {
		return "", fmt.Errorf("checkpoint %s: %w", c.Dir, err)
	}
	name := strings.TrimSpace(string(raw))
	if name == "" || name != filepath.Base(name) || !strings.HasPrefix(name, "step-") {
		return "", fmt.Errorf("checkpoint %s: pointer %q: want the name of a folder such as step-00000500, got %q: %s", c.Dir, pointer, name, unreadableAdvice)
	}
	return filepath.Join(c.Dir, name), nil
}

// removeUnfinished removes what a killed save left behind.
func (c Checkpoints) removeUnfinished() error {
	for _, pattern := range []string{"step-*" + unfinished, temporaryPattern(Last), temporaryPattern(Best)} {
		leftovers, err := filepath.Glob(filepath.Join(c.Dir, pattern))
		if err != nil {
			return err
		}
		for _, l := range leftovers {
			if err := os.RemoveAll(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeOutdated removes checkpoints that no pointer names.
func (c Checkpoints) removeOutdated() error {
	keep := c.pointedFolders()
	all, err := filepath.Glob(filepath.Join(c.Dir, "step-*"))
	if err != nil {
		return err
	}
	for _, dir := range all {
		if !keep[dir] {
			if err := os.RemoveAll(dir); err != nil {
				return fmt.Errorf("checkpoint %s: outdated, but cannot be removed: %w", dir, err)
			}
		}
	}
	return nil
}
