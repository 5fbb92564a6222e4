//go:build !linux && !darwin

package tflib

import (
	"errors"
	"os"
)

// There is no wheel for these systems, so nothing is ever fetched here; a library named by hand still works.

var errUnsupported = errors.New("not supported on this system")

func tryLock(*os.File) error                     { return errUnsupported }
func freeBytes(string) (uint64, error)           { return 0, errUnsupported }
func isNoSpace(error) bool                       { return false }
func isReadOnly(error) bool                      { return false }
func Exec(path string, args, env []string) error { return errUnsupported }
