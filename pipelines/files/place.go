package files

import (
	"fmt"
	"io/fs"
	"os"
)

// GoneError says that what is being written was deleted, renamed or replaced.
type GoneError struct{ Path string }

func (e *GoneError) Error() string {
	return fmt.Sprintf("%s: deleted, renamed or replaced while it was being written: nothing is written any more: put it back and resume, or start anew", ShortPath(e.Path))
}

// Place remembers which folder a path named.
type Place struct {
	path string
	info fs.FileInfo
}

// OpenPlace remembers which folder path names now.
func OpenPlace(path string) (Place, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Place{}, NotRead(path, err)
	}
	return Place{path, info}, nil
}

// Check is a [*GoneError] where the path names another folder by now, or none.
func (p Place) Check() error {
	now, err := os.Stat(p.path)
	if err != nil || !os.SameFile(p.info, now) {
		return &GoneError{p.path}
	}
	return nil
}

// CheckOpen is a [*GoneError] where the name of f names another file by now, or
// none.
func CheckOpen(f *os.File) error {
	held, err := f.Stat()
	if err != nil {
		return NotWritten(f.Name(), err)
	}
	if held.Mode().IsRegular() {
		return Place{f.Name(), held}.Check()
	}
	return nil
}
