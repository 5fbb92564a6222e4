package tflib

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// download has pip put the wheel into temp, and returns its path. pip gets temp as its own scratch folder too:
// so nothing is left elsewhere if both are killed, and the growth of its file is the progress.
func (c Config) download(ctx context.Context, temp string) (string, error) {
	pip, err := c.pip(ctx)
	if err != nil {
		return "", err
	}
	pinned := filepath.Join(temp, "requirements.txt")
	if err := c.write(pinned, []byte(c.Wheel.Package+" --hash=sha256:"+c.Wheel.SHA256+"\n")); err != nil {
		return "", err
	}
	args := append(pip[1:], "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--progress-bar=off",
		"--python-version=3.12", "--implementation=cp", "--platform="+c.Wheel.Platform,
		"--require-hashes", "--requirement="+pinned, "--dest="+temp)
	cmd := exec.CommandContext(ctx, pip[0], args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp,
		"PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_REQUIRE_VIRTUALENV=false")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	// All that pip writes is in temp, so it needs no time to clean up.
	cmd.SysProcAttr = childAttr()
	cmd.Cancel = func() error { return killGroup(cmd.Process) }

	c.say("fetching %s (%s) with %s", c.Wheel.Package, megabytes(c.Wheel.Size), strings.Join(pip, " "))
	if err := c.watch(cmd, temp); ctx.Err() != nil {
		return "", ctx.Err()
	} else if err != nil {
		return "", c.explain(err, output.String())
	}
	found, _ := filepath.Glob(filepath.Join(temp, "*.whl"))
	if len(found) != 1 {
		return "", fmt.Errorf("pip saved %d wheels in %s, want one; %s", len(found), temp, c.byHand())
	}
	return found[0], nil
}

// watch runs pip and shows how much it has written.
func (c Config) watch(cmd *exec.Cmd, dir string) error {
	// The tie to this process holds for the thread that starts the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	m := newMeter(c.Log, "fetching", c.Wheel.Size)
	defer m.close()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			m.set(largest(dir))
		}
	}
}

// pip finds the first command line of pip that works.
func (c Config) pip(ctx context.Context) ([]string, error) {
	var why []string
	for _, pip := range c.Pips {
		out, err := exec.CommandContext(ctx, pip[0], append(pip[1:len(pip):len(pip)], "--version")...).CombinedOutput()
		if err == nil {
			return append([]string(nil), pip...), nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, exec.ErrNotFound) {
			why = append(why, pip[0]+" is not on PATH")
			continue
		}
		why = append(why, fmt.Sprintf("%s: %s (%v)", strings.Join(pip, " "), lastError(string(out)), err))
	}
	return nil, fmt.Errorf("no pip (%s); install Python 3 with pip (Debian: apt-get install python3-pip), or %s",
		strings.Join(why, "; "), c.byHand())
}

// byHand says how to do without the fetch: an unpacked wheel is one of the layouts that UNWARP_TENSORFLOW takes.
func (c Config) byHand() string {
	return fmt.Sprintf("by hand: where a network and pip are, run `pip download --no-deps --only-binary=:all: --python-version 3.12 "+
		"--platform %s %s`, unzip the file here and set %s to the tensorflow folder in it", c.Wheel.Platform, c.Wheel.Package, EnvLibrary)
}

// explain makes one line of a failed pip, whose own last lines go to the log.
func (c Config) explain(err error, output string) error {
	const show = 8
	lines := strings.Split(strings.TrimSpace(output), "\n")
	c.say("pip said, at the end:\n%s", strings.Join(lines[max(0, len(lines)-show):], "\n"))
	switch cause := lastError(output); {
	case strings.Contains(output, "[Errno 28]"):
		return fmt.Errorf("pip: %w", syscall.ENOSPC)
	case strings.Contains(output, "Retrying (Retry("):
		return fmt.Errorf("pip reaches no package index: %s (%w); mend the network or set pip's proxy, or %s", cause, err, c.byHand())
	default:
		return fmt.Errorf("pip: %s (%w); %s", cause, err, c.byHand())
	}
}

// lastError picks the line of pip's output that says most: its last ERROR, else its last line.
func lastError(output string) string {
	last := "no output"
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line == "" || line == "ERROR: Exception:" { // a traceback follows, and the cause is its last line
			continue
		}
		if strings.HasPrefix(line, "ERROR:") || !strings.HasPrefix(last, "ERROR:") {
			last = line
		}
	}
	return strings.TrimSpace(strings.TrimPrefix(last, "ERROR:"))
}

// largest is the size of the biggest file below dir: the wheel, wherever pip is keeping it.
func largest(dir string) int64 {
	var size int64
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // pip removes files while we look
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size = max(size, info.Size())
		}
		return nil
	})
	return size
}
