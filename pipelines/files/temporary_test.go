package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

func entries(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// What a killed process was writing goes with the next write into the folder;
// what a living one writes stays, and so does what others call alike.
func TestClearTemporary(t *testing.T) {
	dir := t.TempDir()
	others := []string{".unwarp-notes.tmp", ".unwarp-0123456789abcdef.tmp.bak", "unwarp-0123456789abcdef.tmp"}
	for _, name := range append(others, ".unwarp-0123456789abcdef.tmp") {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, ".unwarp-fedcba9876543210.tmp", "variables"), 0o777); err != nil {
		t.Fatal(err)
	}
	living, err := NewPending(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer living.Discard()
	if err := Write(filepath.Join(dir, "a"), nil); err != nil {
		t.Fatal(err)
	}
	if got, want := entries(t, dir), strings.Join([]string{others[1], others[0], "a", others[2]}, " "); got != want {
		t.Errorf("want %s, got %s", want, got)
	}
	ClearTemporary(filepath.Dir(living.Path))
	if _, err := os.Stat(living.Path); err != nil {
		t.Errorf("the folder of a living writer: %v", err)
	}
}

// Where the file system has no locks the age tells, and commands go on with a
// remark.
func TestWithoutLocks(t *testing.T) {
	defer func(was func(*flock.Flock) (bool, error)) { tryLock = was }(tryLock)
	tryLock = func(*flock.Flock) (bool, error) { return false, syscall.ENOTSUP }
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{".unwarp-0000000000000001.tmp": time.Hour, ".unwarp-0000000000000002.tmp": 48 * time.Hour} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o666), os.Chtimes(path, time.Time{}, time.Now().Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(filepath.Join(dir, "a"), nil); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, dir); got != ".unwarp-0000000000000001.tmp a" {
		t.Errorf("got %s", got)
	}
	l, err := LockFolder(dir)
	if err != nil || !strings.Contains(l.Remark(), "no locks") || l.Check() != nil || l.Close() != nil {
		t.Errorf("want a lock that says that it is none, got %v, %v", l, err)
	}
}

// Files and folders have the modes that the umask leaves, whatever it is.
func TestUmask(t *testing.T) {
	for _, mask := range []int{0, 0o002, 0o022, 0o027, 0o077} {
		before := syscall.Umask(mask)
		dir := filepath.Join(t.TempDir(), "dir")
		err := os.Mkdir(dir, 0o777)
		if err == nil {
			err = Write(filepath.Join(dir, "file"), []byte("x"))
		}
		var p *Pending
		if err == nil {
			p, err = NewPending(dir)
		}
		if err == nil {
			defer p.Discard()
			err = errors.Join(p.Write("inside", nil), p.Publish(filepath.Join(dir, "folder")))
		}
		syscall.Umask(before)
		if err != nil {
			t.Fatal(err)
		}
		for name, full := range map[string]os.FileMode{"file": 0o666, "folder": 0o777, "folder/inside": 0o666} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil || info.Mode().Perm() != full&^os.FileMode(mask) {
				t.Errorf("umask %03o: %s: want %v, got %v, %v", mask, name, full&^os.FileMode(mask), info.Mode().Perm(), err)
			}
		}
	}
}

// Replace leaves the new folder alone, with swapping and in steps.
func TestReplace(t *testing.T) {
	for _, steps := range []bool{false, true} {
		dir := t.TempDir()
		name := filepath.Join(dir, "x")
		if err := errors.Join(os.Mkdir(name, 0o777), os.WriteFile(filepath.Join(name, "old"), nil, 0o666)); err != nil {
			t.Fatal(err)
		}
		p, err := NewPending(dir)
		if err == nil {
			err = p.Write("new", nil)
		}
		if err == nil && steps {
			err = p.replaceInSteps(name)
		} else if err == nil {
			err = p.Replace(name)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.Discard()
		if got := entries(t, dir) + ": " + entries(t, name); got != "x: new" {
			t.Errorf("in steps %v: got %s", steps, got)
		}
	}
}
