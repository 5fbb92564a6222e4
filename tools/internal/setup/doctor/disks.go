package doctor

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"unwarp/pipelines/files"
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

// existingFolder is dir, or the folder that is there of those in which it would be
// made.
func existingFolder(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// FreeSpace is the bytes that this user may still write to the disk of dir, which may
// have to be made.
func FreeSpace(dir string) (uint64, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return 0, err
	}
	return freeSpace(existingFolder(dir))
}

// CheckSpace refuses to write size bytes to the disk of dir, which may have to be
// made, where they do not fit.
func CheckSpace(dir string, size int64) error {
	if n, err := FreeSpace(dir); err == nil && n < uint64(size) {
		return fmt.Errorf("%s: want %s of free space, got %s: choose another disk", dir, FormatSize(size), FormatSize(int64(n)))
	}
	return nil
}

func (r *Report) checkDisk(dir, purpose string, need uint64) {
	at := existingFolder(dir)
	n, err := freeSpace(at)
	if err != nil {
		return
	}
	r.Disks = append(r.Disks, Disk{dir, n, purpose})
	if n < need {
		r.addDoubtful("free space, or work in another folder", "%s has %s free, want %s for %s", dir, FormatSize(int64(n)), FormatSize(int64(need)), purpose)
	}
	if at == dir && need > 0 {
		if err := files.Probe(dir); err != nil {
			r.addDoubtful("work in another folder", "%s cannot be written to: %v", dir, files.Cause(err))
		}
	}
}
