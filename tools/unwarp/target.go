package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// checkTarget refuses, before any work is done, a file that could not be
// written afterwards. "" is no file.
func checkTarget(flag, path, ending string) error {
	if path == "" {
		return nil
	}
	if !strings.HasSuffix(strings.ToLower(path), ending) {
		return usage(fmt.Errorf("%s: want a file name ending in %s, got %q", flag, ending, path))
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return usage(fmt.Errorf("%s %s: want a file, found a folder or device of that name", flag, path))
	}
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return usage(fmt.Errorf("%s %s: there is no folder %s: make it first", flag, path, dir))
	}
	probe, err := os.CreateTemp(dir, ".unwarp-*")
	if err != nil {
		return notWritten(flag, path, err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}

// notWritten says why a file was not written, without the temporary name that
// it had.
func notWritten(flag, path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s %s: not written: %w: free space or choose another folder", flag, path, err)
}
