package files

import (
	"io"
	"os"
	"path/filepath"
)

// Write replaces the file at path in one step: a reader sees the old content or
// the new, never a part, also after a kill or a power cut. Errors are of
// [NotWritten].
func Write(path string, data []byte) error { return NotWritten(path, write(path, data)) }

func write(path string, data []byte) error { return replace(path, writing(data)) }

// writing writes data.
func writing(data []byte) func(w io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// replace puts what fill writes under the name path, flushed to the disk.
func replace(path string, fill func(w io.Writer) error) error {
	var f *os.File
	t, err := newTemporary(filepath.Dir(path), func(temp string) (err error) {
		f, err = os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		return err
	})
	if err != nil {
		return err
	}
	defer t.remove()
	if err := finish(f, fill); err != nil {
		return err
	}
	if err := os.Rename(t.path, path); err != nil {
		return err
	}
	return SyncPath(filepath.Dir(path))
}

// finish has f filled, flushes it to the disk and closes it.
func finish(f *os.File, fill func(w io.Writer) error) error {
	err := fill(f)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// Append writes data to the end of f, of which path is the name. It fails where
// the path names another file by now, or none: what is written would be lost.
func Append(f *os.File, data []byte) error {
	if err := CheckOpen(f); err != nil {
		return err
	}
	_, err := f.Write(data)
	return NotWritten(f.Name(), err)
}

// Probe reports whether a file can be made in dir, and leaves none.
func Probe(dir string) error {
	t, err := newTemporary(dir, func(temp string) error {
		f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			err = f.Close()
		}
		return err
	})
	if err != nil {
		return err
	}
	t.remove()
	return nil
}

// SyncTree flushes a folder and all that is in it to the disk.
func SyncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return SyncPath(path)
	})
}

// SyncPath flushes a file or folder to the disk.
func SyncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
