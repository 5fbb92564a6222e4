//go:build !linux && !darwin

package tflib

import (
	"errors"
	"os"
	"syscall"
)

// There is no wheel for these systems, so nothing is ever fetched here; a library named by hand still works.

var errUnsupported = errors.New("not supported on this system")

func freeBytes(string) (uint64, error)           { return 0, errUnsupported }
func Exec(path string, args, env []string) error { return errUnsupported }
func childAttr() *syscall.SysProcAttr            { return nil }
func killGroup(p *os.Process) error              { return p.Kill() }
