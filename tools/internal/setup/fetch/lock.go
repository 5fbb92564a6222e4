package fetch

import (
	"errors"
	"fmt"
	"os"

	"unwarp/tools/internal/setup/filelock"
)

// lock makes this the only fetch into dir until unlock. The system drops the lock
// when its holder dies, however it dies. Where a system or a disk knows no locks there is none.
func lock(dir string) (unlock func(), err error) {
	f, err := os.Open(dir) // the folder itself: no file is left behind
	if err != nil {
		return nil, fmt.Errorf("%s: want a readable folder: %w: choose another", dir, reason(err))
	}
	if err := filelock.Try(f); errors.Is(err, filelock.ErrLocked) {
		f.Close()
		return nil, fmt.Errorf("%s: want one fetch at a time into a folder, another is under way: wait until it has ended, or choose another folder with --to", dir)
	}
	return func() { f.Close() }, nil
}
