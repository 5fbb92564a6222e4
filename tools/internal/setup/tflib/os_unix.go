//go:build linux || darwin

package tflib

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// freeBytes is the space that this user may still fill on the disk of dir.
func freeBytes(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// killGroup ends a child of childAttr with all that it started.
func killGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }

// Exec replaces this process: signals, terminal and exit status are the command's own. It returns only on failure.
func Exec(path string, args, env []string) error { return syscall.Exec(path, args, env) }
