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
	"unwarp/pipelines/files"
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
	// BestLoss is the cross-entropy at BestStep, which decides between equal
	// accuracies; nil in checkpoints of earlier versions, where the first is best.
	BestLoss *float64 `json:"best_loss,omitempty"`
	Identity string   `json:"plan"` // hash of what determines the run
	// Name is that of the checkpoint's folder: a copy under another name is the
	// user's. Checkpoints of earlier versions lack it.
	Name string `json:"name,omitempty"`
	// WeightsOnly says that the optimiser's slots are not there: the checkpoint can
	// be evaluated and exported, not resumed.
	WeightsOnly bool `json:"weights_only,omitempty"`
}

// Checkpoints is the folder of a run's checkpoints:
//
//	step-00000500/       variables.index, variables.data-…, manifest.txt, state.json
//	step-00000500-best/  the same of the weights alone, a third of the size with Adam
//	last                 text: the folder to resume from
//	best                 text: the folder with the best validation accuracy, with an
//	                     adversary the best under attack
//
// Earlier versions wrote one folder for both, with all variables.
//
// A checkpoint is written under a temporary name, synced and renamed before
// the pointer moves, so that a kill at any moment leaves the previous one. Only
// what was written here is ever removed: files and copies of others stay.
type Checkpoints struct{ Dir string }

// Pointers to a checkpoint.
const (
	Last = "last"
	Best = "best"
)

const (
	manifestFile = "manifest.txt"
	stateFile    = "state.json"
)

// Save writes the variables and state and moves the pointers named, in this
// order: a run resumes from Last, so it goes last. Best names the weights alone.
func (c Checkpoints) Save(g *TrainGraph, net *graphs.Net, st State, pointers ...string) error {
	for _, ptr := range pointers {
		st.WeightsOnly = ptr == Best
		if err := c.saveFor(ptr, g, net, st); err != nil {
			return err
		}
	}
	return nil
}

// saveFor writes a checkpoint and moves the pointer to it.
func (c Checkpoints) saveFor(ptr string, g *TrainGraph, net *graphs.Net, st State) error {
	st.Name = c.unusedName(st)
	final := filepath.Join(c.Dir, st.Name)
	if err := c.write(g, net, st, final); err != nil {
		kept := "there is none before it"
		if c.Exists(Last) {
			kept = "the previous checkpoint is untouched"
		}
		return fmt.Errorf("checkpoint %w; %s", files.NotWritten(final, err), kept)
	}
	if err := files.Write(filepath.Join(c.Dir, ptr), []byte(st.Name+"\n")); err != nil {
		return fmt.Errorf("checkpoint pointer %w; it still names the previous checkpoint", err)
	}
	return c.removeOutdated()
}

// saverOf is the saver of what the checkpoint of st holds.
func (g *TrainGraph) saverOf(st State) Saver {
	if st.WeightsOnly {
		return g.Saver.ofWeights()
	}
	return g.Saver
}

// unusedName is a name for a checkpoint that no pointer names, since what one
// names must stay until the pointer has moved, and no folder of a user.
func (c Checkpoints) unusedName(st State) string {
	first := fmt.Sprintf("step-%08d", st.Step)
	if st.WeightsOnly {
		first += "-best"
	}
	name, taken := first, c.pointedFolders()
	for n := 2; taken[filepath.Join(c.Dir, name)] || c.foreign(name); n++ {
		name = fmt.Sprintf("%s-%d", first, n)
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
	if err := os.Mkdir(c.Dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	to, err := files.NewPending(c.Dir)
	if err != nil {
		return err
	}
	defer to.Discard()
	saver := g.saverOf(st)
	if err := saver.write(net, to.Path); err != nil {
		return err
	}
	state, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	if err := to.Write(stateFile, append(state, '\n')); err != nil {
		return err
	}
	if err := to.Write(manifestFile, []byte(saver.manifest(net.Vars))); err != nil {
		return err
	}
	// A folder of this name is a save that was killed before a pointer moved.
	if err := files.Remove(final); err != nil {
		return err
	}
	return to.Publish(final)
}

// Load restores the variables from the checkpoint that pointer names; of one that
// holds the weights alone, slots keep their values. Where a training moves the
// pointer and removes that checkpoint meanwhile it takes the next.
func (c Checkpoints) Load(g *TrainGraph, net *graphs.Net, pointer string) (State, error) {
	for {
		dir, err := c.folderOf(pointer)
		if err != nil {
			return State{}, err
		}
		st, err := c.loadFolder(g, net, pointer, dir)
		if err == nil {
			return st, nil
		}
		if now, perr := c.folderOf(pointer); perr != nil || now == dir {
			return st, err
		}
	}
}

func (c Checkpoints) loadFolder(g *TrainGraph, net *graphs.Net, pointer, dir string) (State, error) {
	st, err := readState(dir)
	if err != nil {
		return st, c.unreadable(pointer, dir, "want a readable "+stateFile, err)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err == nil {
		err = checkManifest(string(manifest))
	}
	if err != nil {
		return st, c.unreadable(pointer, dir, "want a readable "+manifestFile, err)
	}
	if err := g.saverOf(st).read(net, dir, string(manifest)); err != nil {
		var m *MismatchError
		if errors.As(err, &m) {
			return st, err
		}
		return st, c.unreadable(pointer, dir, "cannot be restored", err)
	}
	return st, nil
}

func readState(dir string) (st State, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err == nil {
		err = json.Unmarshal(raw, &st)
	}
	return st, err
}

// Path is the folder of the checkpoint that pointer names.
func (c Checkpoints) Path(pointer string) (string, error) { return c.folderOf(pointer) }

// State is that of the checkpoint that pointer names.
func (c Checkpoints) State(pointer string) (State, error) {
	dir, err := c.folderOf(pointer)
	if err != nil {
		return State{}, err
	}
	return readState(dir)
}

// Exists reports whether the pointer is there.
func (c Checkpoints) Exists(pointer string) bool {
	_, err := os.Stat(filepath.Join(c.Dir, pointer))
	return err == nil
}

func (c Checkpoints) folderOf(pointer string) (string, error) {
	raw, err := os.ReadFile(filepath.Join(c.Dir, pointer))
	if errors.Is(err, fs.ErrNotExist) {
		do := "has the run saved anything yet?"
		if c.otherWhole("", false) != "" || c.otherWhole("", true) != "" {
			do = c.adviceWithout(pointer, "")
		}
		return "", fmt.Errorf("checkpoint %s: want a pointer file %q, found none: %s", files.ShortPath(c.Dir), pointer, do)
	}
	if err != nil {
		return "", fmt.Errorf("checkpoint pointer %w", files.NotRead(filepath.Join(c.Dir, pointer), err))
	}
	name := strings.TrimSpace(string(raw))
	if name == "" || name != filepath.Base(name) || !strings.HasPrefix(name, "step-") {
		return "", fmt.Errorf("checkpoint %s: pointer %q: want the name of a folder such as step-00000500, got %.40q: %s", files.ShortPath(c.Dir), pointer, name, c.adviceWithout(pointer, ""))
	}
	return filepath.Join(c.Dir, name), nil
}
