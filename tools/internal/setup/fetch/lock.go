package fetch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gofrs/flock"

	"unwarp/pipelines/files"
)

// lockFolder makes this the only fetch into dir until unlock. It locks the folder
// itself, so no file is left behind. The system releases the lock when its process
// ends. Systems and disks without locks have none.
func lockFolder(dir string) (unlock func(), err error) {
	l := flock.New(dir, flock.SetFlag(os.O_RDONLY))
	locked, err := l.TryLock()
	var pe *fs.PathError
	switch {
	case errors.As(err, &pe) && pe.Op == "open":
		return nil, fmt.Errorf("%s: want a readable folder: %w: choose another", dir, files.Cause(err))
	case err == nil && !locked:
		return nil, fmt.Errorf("%s: want one fetch at a time into a folder, another is under way: wait until it has ended, or choose another folder with --to", dir)
	}
	return func() { l.Close() }, nil
}
