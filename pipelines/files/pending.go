package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Pending is a folder that is being written. It has a temporary name beside the
// final one until it is published.
type Pending struct {
	Path string // to write into
	temp temporary
}

// NewPending makes an empty folder in dir, which must exist.
func NewPending(dir string) (*Pending, error) {
	t, err := newTemporary(dir, func(path string) error { return os.Mkdir(path, 0o777) })
	if err != nil {
		return nil, err
	}
	return &Pending{t.path, t}, nil
}

// Write writes a file of the folder.
func (p *Pending) Write(name string, data []byte) error {
	f, err := os.OpenFile(filepath.Join(p.Path, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	return finish(f, writing(data))
}

// Publish flushes the folder to the disk and gives it its name, which must be
// free and in the same folder.
func (p *Pending) Publish(name string) error {
	if err := SyncTree(p.Path); err != nil {
		return err
	}
	if err := os.Rename(p.Path, name); err != nil {
		return err
	}
	return SyncPath(filepath.Dir(name))
}

// Replace is Publish under a name that may be taken by a folder, which goes: a
// reader sees the old folder or the new.
func (p *Pending) Replace(name string) error {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return p.Publish(name)
	}
	if err := SyncTree(p.Path); err != nil {
		return err
	}
	if err := swap(p.Path, name); err != nil {
		return p.replaceInSteps(name)
	}
	return SyncPath(filepath.Dir(name)) // Discard removes the old folder, which is the temporary one now
}

// replaced is appended to the name of a folder while another takes its place,
// where the system cannot swap them.
const replaced = ".replaced"

func (p *Pending) replaceInSteps(name string) error {
	if err := os.Rename(name, name+replaced); err != nil {
		return err
	}
	if err := p.Publish(name); err != nil {
		return errors.Join(err, os.Rename(name+replaced, name))
	}
	return Remove(name + replaced)
}

// RecoverReplaced gives a folder its name back that was killed between the steps
// of Replace. whole says whether it is such a folder.
func RecoverReplaced(name string, whole func(dir string) bool) error {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) || !whole(name+replaced) {
		return nil
	}
	return os.Rename(name+replaced, name)
}

// Discard removes the folder unless it was published. It must be called in
// either case.
func (p *Pending) Discard() { p.temp.remove() }

// Remove removes a folder and all that is in it, in one step for a reader: a
// killed removal leaves something temporary. A path that does not exist is no
// error.
func Remove(path string) error {
	t, err := newTemporary(filepath.Dir(path), func(temp string) error {
		if _, err := os.Lstat(temp); err == nil {
			return fs.ErrExist
		}
		return os.Rename(path, temp)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.RemoveAll(t.path)
		t.release()
	}
	return err
}
