package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"
)

// TestNotWritten: whatever wraps an error of the system, the message names the
// path once, says the cause, and advises what helps against it.
func TestNotWritten(t *testing.T) {
	const path = "runs/a/metrics.jsonl"
	for number, advice := range map[syscall.Errno]string{
		syscall.ENOSPC: "free space", syscall.EDQUOT: "quota", syscall.EROFS: "read-only", syscall.EACCES: "chmod", syscall.EPERM: "chmod",
		syscall.ENOTDIR: "is a file", syscall.EISDIR: "a folder has this name", syscall.ENAMETOOLONG: "shorter name", syscall.ENOENT: "missing",
		syscall.EIO: "disk or network fails", syscall.EMFILE: "ulimit",
	} {
		for _, err := range []error{
			number,
			&fs.PathError{Op: "open", Path: path, Err: number},
			&os.LinkError{Op: "rename", Old: ".unwarp-0123456789abcdef.tmp", New: path, Err: number},
			fmt.Errorf("open %s: %w", path, &fs.PathError{Op: "open", Path: path, Err: number}),
			&fs.PathError{Op: "open", Path: path, Err: os.NewSyscallError("openat", number)},
			errors.New("graphs: run: " + path + ".tempstate17; " + strings.ToUpper(number.Error()[:1]) + number.Error()[1:]), // TensorFlow's
			NotWritten(path, number),
		} {
			got := NotWritten(path, err)
			want := path + ": not written: " + number.Error() + ": "
			if !strings.HasPrefix(got.Error(), want) || !strings.Contains(strings.TrimPrefix(got.Error(), want), advice) || strings.Count(got.Error(), path) != 1 {
				t.Errorf("%#v: want %q and advice on %q, got %q", err, want, advice, got)
			}
			if free := strings.Contains(got.Error(), "free space"); free != (number == syscall.ENOSPC) {
				t.Errorf("%v: advice to free space: %v: %q", number, free, got)
			}
			if !errors.Is(got, number) {
				t.Errorf("%#v: the cause is lost in %v", err, got)
			}
		}
	}
	if NotWritten(path, nil) != nil {
		t.Error("want no error for none")
	}
}

// TestLength: every message is under 300 characters, however long path, host and
// command are, and is text.
func TestLength(t *testing.T) {
	long := "/" + strings.Repeat("größe/", 600) + "end"
	for _, err := range []error{
		NotWritten(long, syscall.ENAMETOOLONG), NotRead(long, errors.New(strings.Repeat("why ", 200))), &GoneError{long},
		&HeldError{long, Holder{PID: 1 << 22, Host: long, Command: long}}, errors.New(Shorten(long, 290)),
	} {
		if s := err.Error(); len(s) >= 300 || !utf8.ValidString(s) || !strings.Contains(s, "/end") {
			t.Errorf("%d bytes: %q", len(s), s)
		}
	}
	if s := Shorten("abc", 3); s != "abc" {
		t.Errorf("got %q", s)
	}
}

// What the system itself says of these paths.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.WriteFile(at("file"), nil, 0o666), os.MkdirAll(at("folder/full"), 0o777), os.Symlink("loop", at("loop"))); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		at("file/x"):                        "a part of the path is a file",
		at("folder"):                        "something has this name",
		at("none/x"):                        "make it first",
		at("loop/x"):                        "links lead in a circle",
		at(strings.Repeat("n", 256)):        "shorter name",
		at(strings.Repeat("n", 256) + "/x"): "shorter name",
	} {
		err := Write(path, []byte("x"))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), ShortPath(path)) != 1 || strings.Contains(err.Error(), "unwarp-") {
			t.Errorf("%s: want %q and the path once, got %v", ShortPath(path), want, err)
		}
	}
	if err := Write(at(strings.Repeat("n", 255)), nil); err != nil {
		t.Errorf("the longest name: %v", err)
	}
}
