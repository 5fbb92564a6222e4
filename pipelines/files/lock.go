package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// LockFile is the name of the lock of a folder. The file stays behind where its
// holder is killed; the lock does not.
const LockFile = ".unwarp.lock"

// Holder is who holds a lock.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Since   time.Time `json:"since"`
	Command string    `json:"command"`
}

// HeldError says that another process holds a lock.
type HeldError struct {
	What   string // is locked
	Holder Holder // its PID is 0 where that is not known
}

func (e *HeldError) Error() string {
	h, what := e.Holder, ShortPath(e.What)
	if h.PID == 0 {
		return fmt.Sprintf("%s: another process is writing here: wait until it has ended", what)
	}
	return fmt.Sprintf("%s: process %d on %s is writing here since %s (%s): wait until it has ended, or end it (kill %d)",
		what, h.PID, Shorten(h.Host, 20), h.Since.Local().Format("Jan 2 15:04"), Shorten(h.Command, 50), h.PID)
}

// Lock makes this process the only one that writes somewhere.
type Lock struct {
	path string
	what string
	lock *flock.Flock // nil where the file system has no locks
	// removeEmpty: see [Lock.RemoveEmpty]
	removeEmpty bool
}

// LockFolder locks a folder, which must exist, and removes what killed processes
// were writing there.
func LockFolder(dir string) (*Lock, error) {
	l, err := TakeLock(filepath.Join(dir, LockFile), dir)
	if err == nil {
		clearOnce(dir)
	}
	return l, err
}

// LockBeside locks a path that need not exist, by a file beside it.
func LockBeside(path string) (*Lock, error) {
	return TakeLock(filepath.Join(filepath.Dir(path), "."+Shorten(filepath.Base(path), 200)+LockFile), path)
}

// TakeLock makes the file at path and locks it. what is what it protects, for
// messages. While another process holds it, on this machine or another that
// shares the file system, the error is a [*HeldError]. The system frees the
// lock of a process that died. On a file system without locks there is none:
// see [Lock.Remark].
func TakeLock(path, what string) (*Lock, error) {
	for {
		l := &Lock{path: path, what: what, lock: flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDONLY), flock.SetPermissions(0o666))}
		locked, err := tryLock(l.lock)
		switch {
		case errors.As(err, new(*fs.PathError)):
			return nil, NotWritten(what, err)
		case err != nil:
			_ = l.lock.Close()
			l.lock = nil
			return l, nil
		case !locked:
			h := readHolder(path)
			return nil, &HeldError{what, h}
		case sameFile(l.lock, path):
			l.writeHolder()
			return l, nil
		}
		_ = l.lock.Close() // its holder released it, and the file with it, in this moment
	}
}

// Remark says that there is no lock, "" where there is one.
func (l *Lock) Remark() string {
	if l == nil || l.lock != nil {
		return ""
	}
	return fmt.Sprintf("%s: this file system has no locks: let no other command write here meanwhile", ShortPath(l.what))
}

// Check is a [*GoneError] where the locked folder was deleted, renamed or
// replaced.
func (l *Lock) Check() error {
	if l != nil && l.lock != nil && !sameFile(l.lock, l.path) {
		return &GoneError{l.what}
	}
	return nil
}

// RemoveEmpty has the locked folder removed with the lock where it is empty then, as after a
// command that was refused.
func (l *Lock) RemoveEmpty() { l.removeEmpty = true }

// Close frees the lock and removes its file. A nil lock is free.
func (l *Lock) Close() error {
	if l == nil || l.lock == nil {
		return nil
	}
	if sameFile(l.lock, l.path) {
		_ = os.Remove(l.path) // before it is free: whoever opened the file sees that it is gone
		if l.removeEmpty {
			_ = os.Remove(filepath.Dir(l.path)) // fails where it holds something
		}
	}
	return l.lock.Close()
}

// writeHolder says who holds the lock. The lock does not depend on it.
func (l *Lock) writeHolder() {
	host, _ := os.Hostname()
	args := append([]string{filepath.Base(os.Args[0])}, os.Args[1:]...)
	raw, err := json.Marshal(Holder{os.Getpid(), host, time.Now().UTC().Truncate(time.Second), strings.Join(args, " ")})
	if err == nil {
		_ = os.WriteFile(l.path, append(raw, '\n'), 0o666)
	}
}

func readHolder(path string) (h Holder) {
	for range 20 { // it may be about to be written
		if raw, err := os.ReadFile(path); err == nil && json.Unmarshal(raw, &h) == nil {
			return h
		}
		time.Sleep(5 * time.Millisecond)
	}
	return Holder{}
}
