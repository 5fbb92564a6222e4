package files

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// Error is what the file system refused: the path once, the cause without
// system call or temporary name, and what to do about it.
type Error struct {
	Path string // as the user knows it
	What string // such as "not written"
	Err  error  // the cause, of [Cause]
}

// Error is one line of under 300 characters.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s: %s: %s", ShortPath(e.Path), e.What, Shorten(e.Err.Error(), 60), Advice(e.Err))
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// NotWritten is the error of a path that was not written, nil for nil. An error
// that is a [*Error] already stays as it is.
func NotWritten(path string, err error) error { return newError(path, "not written", err) }

// NotRead is the error of a path that was not read, nil for nil.
func NotRead(path string, err error) error { return newError(path, "not read", err) }

// NamesPath reports whether the text of err names the path that it is about.
func NamesPath(err error) bool {
	return errors.As(err, new(*Error)) || errors.As(err, new(*GoneError)) || errors.As(err, new(*HeldError))
}

func newError(path, what string, err error) error {
	if err == nil || NamesPath(err) {
		return err
	}
	return &Error{path, what, Cause(err)}
}

// Cause is err without paths and names of system calls. Of an error of
// TensorFlow, which is text, it is the error of the system that the text names.
func Cause(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	if err != nil {
		text := strings.ToLower(err.Error())
		for _, a := range advices {
			if strings.Contains(text, a.number.Error()) {
				return a.number
			}
		}
	}
	return err
}

// advices says what helps against each error of the system.
var advices = []struct {
	number syscall.Errno
	do     string
}{
	{syscall.ENOSPC, "free space or choose another folder"},
	{syscall.EDQUOT, "your quota is used up: remove files of yours or choose another folder"},
	{syscall.EROFS, "the file system is read-only: choose another folder"},
	{syscall.EACCES, "give yourself the right to it (chmod) or choose another folder"},
	{syscall.EPERM, "give yourself the right to it (chmod, chattr) or choose another folder"},
	{syscall.ENOTDIR, "a part of the path is a file: choose another folder"},
	{syscall.EISDIR, "a folder has this name: choose another name"},
	{syscall.ENOTEMPTY, "a folder has this name: choose another name or move it away"},
	{syscall.EEXIST, "something has this name: choose another name or move it away"},
	{syscall.ENAMETOOLONG, "choose a shorter name"},
	{syscall.ENOENT, "a folder of the path is missing: make it first, and remove none while a command writes"},
	{syscall.ELOOP, "links lead in a circle: choose another path"},
	{syscall.EFBIG, "the file system or ulimit -f allows no larger file: choose another folder"},
	{syscall.EMFILE, "too many files are open: raise the limit with ulimit -n"},
	{syscall.ENFILE, "the system has too many files open: close programs"},
	{syscall.EIO, "the disk or network fails: choose another folder"},
	{syscall.ESTALE, "the network folder was lost: mount it again"},
	{syscall.EXDEV, "the path crosses file systems: choose another folder"},
	{syscall.ETXTBSY, "a program of this name is running: end it"},
	{syscall.EINVAL, "the file system does not take this name: choose another"},
}

// Advice says what to do about an error of the file system.
func Advice(err error) string {
	cause := Cause(err)
	for _, a := range advices {
		if cause == error(a.number) {
			return a.do
		}
	}
	return "choose another folder"
}

// ShortPath is a path that leaves room for a message: of a long one the middle
// is left out.
func ShortPath(path string) string { return Shorten(path, 100) }

// Shorten leaves out the middle of a text of more than n bytes.
func Shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	head, tail := text[:n/2], text[len(text)-(n-n/2-len("…")):]
	return strings.ToValidUTF8(head, "") + "…" + strings.ToValidUTF8(tail, "")
}
