package trainer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"unwarp/graphs"
	"unwarp/pipelines/files"
)

// unreadable is the error of a checkpoint that cannot be read, with what can be
// done in this folder.
func (c Checkpoints) unreadable(pointer, dir, what string, err error) error {
	cause := strings.ReplaceAll(files.Cause(graphs.FirstLine(err)).Error(), dir+string(filepath.Separator), "")
	return fmt.Errorf("checkpoint %s: %s: %.60s: %s", files.ShortPath(dir), what, cause, c.adviceWithout(pointer, filepath.Base(dir)))
}

// adviceWithout says what to do where the checkpoint called damaged, or the
// pointer to it, is of no use.
func (c Checkpoints) adviceWithout(pointer, damaged string) string {
	if pointer == Best {
		return c.adviceWithoutBest(damaged)
	}
	if name := c.otherWhole(damaged, false); name != "" {
		return fmt.Sprintf("write %s, which has all its files, into the file %q beside it", name, pointer)
	}
	if name := c.otherWhole(damaged, true); name != "" {
		return fmt.Sprintf("no other checkpoint here can be resumed; --checkpoint best evaluates and exports %s, which has all its files", name)
	}
	return "no other checkpoint here has all its files: train anew or restore a backup"
}

// adviceWithoutBest says what to do where best is of no use: another checkpoint that
// was the best, or the last one under its own name.
func (c Checkpoints) adviceWithoutBest(damaged string) string {
	if name := c.otherWhole(damaged, true); name != "" {
		return fmt.Sprintf("write %s, which has all its files, into the file %q beside it", name, Best)
	}
	if name := c.otherWhole(damaged, false); name != "" {
		return fmt.Sprintf("--checkpoint last takes %s, which has all its files", name)
	}
	return "no other checkpoint here has all its files: train anew or restore a backup"
}

// otherWhole is the name of the latest folder whose files are all there, other
// than the damaged one; "" for none. weightsOnly asks for those of the weights alone,
// which were the best, else they do not count.
func (c Checkpoints) otherWhole(damaged string, weightsOnly bool) string {
	best, latest := "", -1
	entries, _ := os.ReadDir(c.Dir)
	for _, e := range entries {
		st, err := readState(filepath.Join(c.Dir, e.Name()))
		if err == nil && e.Name() != damaged && checkpointName.MatchString(e.Name()) && st.Step > latest && st.WeightsOnly == weightsOnly && c.whole(e.Name()) {
			best, latest = e.Name(), st.Step
		}
	}
	return best
}

func (c Checkpoints) whole(name string) bool {
	for _, file := range []string{manifestFile, dataPrefix + ".index", dataPrefix + ".data-00000-of-00001"} {
		if info, err := os.Stat(filepath.Join(c.Dir, name, file)); err != nil || info.Size() == 0 {
			return false
		}
	}
	return true
}
