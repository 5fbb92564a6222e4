package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// One holds the lock, the next one reads who; the file of a dead holder is no
// lock.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, LockFile), []byte(`{"pid":1,"host":"gone"}`), 0o666); err != nil { // of a killed one
		t.Fatal(err)
	}
	l, err := LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = LockFolder(dir)
	var held *HeldError
	host, _ := os.Hostname()
	if !errors.As(err, &held) || held.Holder.PID != os.Getpid() || held.Holder.Host != host || !strings.Contains(held.Holder.Command, ".test") || held.Holder.Since.IsZero() {
		t.Errorf("want the holder, got %v", err)
	}
	if err := l.Check(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if got := entries(t, dir); got != "" {
		t.Errorf("left behind: %s", got)
	}
	if l, err = LockFolder(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); !errors.As(err, new(*GoneError)) {
		t.Errorf("a deleted folder: got %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := LockFolder(dir); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("no folder: got %v", err)
	}
}

// Of many that lock and free at the same moment never two hold it.
func TestLockContended(t *testing.T) {
	dir := t.TempDir()
	var holders, won atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				l, err := LockFolder(dir)
				if errors.As(err, new(*HeldError)) {
					continue
				} else if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d hold the lock", n)
				}
				won.Add(1)
				holders.Add(-1)
				l.Close()
			}
		})
	}
	all.Wait()
	if won.Load() == 0 {
		t.Error("nobody got it")
	}
}

// A folder or file that is deleted, renamed or replaced is noticed.
func TestPlace(t *testing.T) {
	for name, do := range map[string]func(dir string) error{
		"deleted": os.RemoveAll,
		"renamed": func(dir string) error { return os.Rename(dir, dir+".moved") },
		"replaced": func(dir string) error {
			return errors.Join(os.Rename(dir, dir+".moved"), os.Mkdir(dir, 0o777), os.WriteFile(filepath.Join(dir, "log"), nil, 0o666))
		},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		p, err := OpenPlace(dir)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := errors.Join(p.Check(), Append(f, []byte("a"))); err != nil {
			t.Fatal(err)
		}
		if err := do(dir); err != nil {
			t.Fatal(err)
		}
		var gone *GoneError
		if err := p.Check(); !errors.As(err, &gone) || gone.Path != dir {
			t.Errorf("%s: the folder: %v", name, err)
		}
		if err := Append(f, []byte("b")); !errors.As(err, &gone) || gone.Path != f.Name() {
			t.Errorf("%s: the file: %v", name, err)
		}
	}
}

// A folder goes with its lock where it holds nothing else and this was asked for.
func TestRemoveEmpty(t *testing.T) {
	for _, c := range []struct{ asked, filled, stays bool }{{true, false, false}, {true, true, true}, {false, false, true}} {
		dir := filepath.Join(t.TempDir(), "attack")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		l, err := LockFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if c.asked {
			l.RemoveEmpty()
		}
		if c.filled {
			if err := os.WriteFile(filepath.Join(dir, "evaluation.json"), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir); (err == nil) != c.stays {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
