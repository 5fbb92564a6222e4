package tflib

import "syscall"

// childAttr puts a child into a process group of its own, and has the system kill it if this process is killed
// in a way that it cannot act on. A child behind a launcher script (pyenv) is then left to end by itself.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
