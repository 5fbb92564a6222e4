package trainer

import (
	"os"
	"path/filepath"
)

// temporaryPattern is the pattern of the names that WriteFile writes base under before
// it renames; a kill can leave one behind.
func temporaryPattern(base string) string { return "." + base + ".*" }

// WriteFile replaces path in one step: a reader sees the old content or the
// new, never a part, also after a kill or a power cut.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), temporaryPattern(filepath.Base(path)))
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Chmod(0o644)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

// syncTree flushes the files of dir and dir itself to the disk.
func syncTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := syncPath(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return syncPath(dir)
}

func syncPath(path string) error {
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
