package files

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Temporary names say nothing of the final one, which may be as long as a name
// can be.
var temporaryName = regexp.MustCompile(`^\.unwarp-[0-9a-f]{16}\.tmp$`)

// IsTemporary reports whether an entry of a folder is one that this package
// works on, or that a killed process left behind.
func IsTemporary(name string) bool { return temporaryName.MatchString(name) }

// temporary is a file or folder that this process writes. The lock on it tells
// others that its writer lives.
type temporary struct {
	path string
	lock *flock.Flock
}

// newTemporary makes what create makes under a free temporary name in dir.
func newTemporary(dir string, create func(path string) error) (temporary, error) {
	clearOnce(dir)
	for {
		t := temporary{path: filepath.Join(dir, fmt.Sprintf(".unwarp-%016x.tmp", rand.Uint64()))}
		if err := create(t.path); errors.Is(err, fs.ErrExist) {
			continue
		} else if err != nil {
			return t, err
		}
		t.lock = flock.New(t.path, flock.SetFlag(os.O_RDONLY))
		locked, err := tryLock(t.lock)
		if err != nil || locked && sameFile(t.lock, t.path) {
			return t, nil // without locks its age alone protects it
		}
		_ = t.lock.Close() // another process took it for a dead one's in this moment
	}
}

func (t temporary) release() { _ = t.lock.Close() }

func (t temporary) remove() {
	_ = os.RemoveAll(t.path) // it has another name if all went well
	t.release()
}

// tryLock is replaced by tests.
var tryLock = func(l *flock.Flock) (bool, error) { return l.TryLock() }

// sameFile reports whether path still names the file that is locked.
func sameFile(l *flock.Flock, path string) bool {
	held, err := l.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(held, now)
}

var cleared sync.Map // folders whose leftovers this process has removed

func clearOnce(dir string) {
	if abs, err := filepath.Abs(dir); err == nil {
		if _, done := cleared.LoadOrStore(abs, true); !done {
			ClearTemporary(dir)
		}
	}
}

// forgotten is the age from which a temporary file is a dead process's where
// the file system has no locks.
const forgotten = 24 * time.Hour

// ClearTemporary removes from dir what killed processes were writing. Files of
// living ones and of others stay.
func ClearTemporary(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if IsTemporary(e.Name()) {
			clearDead(filepath.Join(dir, e.Name()))
		}
	}
}

func clearDead(path string) {
	l := flock.New(path, flock.SetFlag(os.O_RDONLY))
	defer l.Close()
	locked, err := tryLock(l)
	if err != nil {
		info, serr := os.Stat(path)
		locked = serr == nil && time.Since(info.ModTime()) > forgotten
	}
	if locked {
		_ = os.RemoveAll(path)
	}
}
