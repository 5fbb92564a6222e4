package tflib

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the system kill the child if this process is killed in a way that it cannot act on.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
