package tflib

import "syscall"

// childAttr puts a child into a process group of its own. If this process is killed in a way that it cannot act
// on, the child is left to end by itself.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
