package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	disk "unwarp/pipelines/files"
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
		return usage(fmt.Errorf("%s %s: there is no folder %s: make it first", flag, disk.ShortPath(filepath.Base(path)), disk.ShortPath(dir)))
	}
	if err := disk.Probe(dir); err != nil {
		return notWritten(flag, path, err)
	}
	return nil
}

// writeFile writes the file that a flag names.
func writeFile(flag, path string, raw []byte) error {
	if err := disk.Write(path, raw); err != nil {
		return notWritten(flag, path, err)
	}
	return nil
}

// notWritten says why the file of a flag was not written, and what to do.
func notWritten(flag, path string, err error) error {
	return fmt.Errorf("%s %w", flag, disk.NotWritten(path, err))
}
