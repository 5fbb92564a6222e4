package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// interrupted is the exit code after SIGINT, SIGTERM or SIGHUP.
const interrupted = 130

var signals = []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}

// patience is how long a command may take to do anything.
const patience = 5 * time.Minute

// kill starts a command and sends it a signal at a random moment, or at one of so
// many writes into folder. It reports whether the command had ended by itself.
func (l *loop) kill(ctx context.Context, kind string, args []string, folder string, writes int) (done bool, err error) {
	sent := signals[l.random.IntN(len(signals))]
	c, said, err := l.start(args)
	if err != nil {
		return false, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	writing := false
	if l.random.IntN(2) == 0 {
		writing = waitForWriting(ctx, folder, ended, l.random.IntN(writes))
		time.Sleep(time.Duration(l.random.IntN(12_000)) * time.Microsecond)
	} else {
		select {
		case err := <-ended:
			ended <- err
		case <-ctx.Done():
		case <-time.After(time.Duration(l.random.IntN(4000)) * time.Millisecond):
		}
	}
	_ = c.Process.Signal(sent)
	select {
	case <-ended:
	case <-time.After(patience):
		_ = c.Process.Kill()
		return false, fmt.Errorf("%v: %v had no effect for %v: %s", args, sent, patience, said)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return l.judge(kind, c, sent, writing, args, said)
}

// judge counts a kill by its exit code; one that no signal explains is an error.
func (l *loop) judge(kind string, c *exec.Cmd, sent syscall.Signal, writing bool, args []string, said *bytes.Buffer) (done bool, err error) {
	status := c.ProcessState.Sys().(syscall.WaitStatus)
	switch code := c.ProcessState.ExitCode(); {
	case code == 0:
		l.counts.add(kind, tooLate, false)
		return true, nil
	case status.Signaled() && status.Signal() == sent, code == interrupted && sent != syscall.SIGKILL:
		// A signal that comes before the program handles it ends it by itself.
		l.counts.add(kind, sent.String(), writing)
		return false, nil
	default:
		return false, fmt.Errorf("%v: exit code %d after %v: %s", args, code, sent, said)
	}
}

// start starts a command.
func (l *loop) start(args []string) (*exec.Cmd, *bytes.Buffer, error) {
	c := exec.Command(l.program, args...)
	said := new(bytes.Buffer)
	c.Stderr = said
	c.Dir = l.dir
	return c, said, c.Start()
}

// finish runs a command that nobody kills.
func (l *loop) finish(ctx context.Context, args []string) error {
	c := exec.CommandContext(ctx, l.program, args...)
	c.Dir = l.dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", args, err, out)
	}
	return nil
}

// waitForWriting waits until something temporary is in folder, after skip others.
// It reports whether that came.
func waitForWriting(ctx context.Context, folder string, ended chan error, skip int) bool {
	known := map[string]bool{}
	for from := time.Now(); ctx.Err() == nil && time.Since(from) < patience; time.Sleep(200 * time.Microsecond) {
		for _, name := range temporary(folder) {
			if !known[name] {
				known[name] = true
				if skip--; skip < 0 {
					return true
				}
			}
		}
		select {
		case err := <-ended:
			ended <- err
			return false
		default:
		}
	}
	return false
}

// temporary lists what has a temporary name in a folder.
func temporary(folder string) (names []string) {
	all, _ := filepath.Glob(filepath.Join(folder, ".unwarp-*.tmp"))
	for _, path := range all {
		if _, err := os.Lstat(path); err == nil {
			names = append(names, path)
		}
	}
	return names
}
