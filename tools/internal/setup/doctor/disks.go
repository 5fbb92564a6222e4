package doctor

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"unwarp/tools/internal/setup/tflib"
)

// neededSpace is the size of a run folder of the largest configuration, with its
// checkpoints, a second one while it is written, and the export.
const neededSpace = 500 << 20

// checkDisks examines the folders that are written to.
func (r *Report) checkDisks() {
	if wd, err := os.Getwd(); err != nil {
		r.addBroken("change to a folder that exists", "the working folder: %v", err)
	} else {
		r.checkDisk(wd, "runs", neededSpace)
	}
	if c, err := tflib.Default(io.Discard); err == nil {
		need := uint64(0)
		if r.Found == "" {
			need = 1 << 30 // wheel and library
		}
		r.checkDisk(c.Cache, "TensorFlow library", need)
	}
}

func (r *Report) checkDisk(dir, purpose string, need uint64) {
	at := dir
	for { // the folder may have to be made yet
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	n, err := freeSpace(at)
	if err != nil {
		return
	}
	r.Disks = append(r.Disks, Disk{dir, n, purpose})
	if n < need {
		r.addDoubtful("free space, or work in another folder", "%s has %s free, want %s for %s", dir, FormatSize(int64(n)), FormatSize(int64(need)), purpose)
	}
	if at == dir && need > 0 {
		if f, err := os.CreateTemp(dir, ".unwarp-*"); err != nil {
			r.addDoubtful("work in another folder", "%s cannot be written to: %v", dir, errors.Unwrap(err))
		} else {
			f.Close()
			os.Remove(f.Name())
		}
	}
}
