//go:build linux || darwin

package tflib

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain runs the tests or, where a test started this program as its helper, one fetch of the configuration in
// the environment; UNWARP_TEST_STALL names a file that it makes in the middle of unpacking, to go on no further.
func TestMain(m *testing.M) {
	text := os.Getenv("UNWARP_TEST_FETCH")
	if text == "" {
		os.Exit(m.Run())
	}
	var c Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	c.Log = os.Stderr
	if marker := os.Getenv("UNWARP_TEST_STALL"); marker != "" {
		c.create = stalling(marker)
	}
	if _, err := c.Ensure(context.Background()); err != nil {
		panic(err)
	}
	os.Exit(0)
}

// helper starts a fetch in a process of its own.
func helper(t *testing.T, c Config, env ...string) *exec.Cmd {
	t.Helper()
	c.Log = nil
	text, err := json.Marshal(c)
	must(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "UNWARP_TEST_FETCH="+string(text))...)
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })
	return cmd
}

// stalling makes files of which the library is never finished.
func stalling(marker string) func(string) (io.WriteCloser, error) {
	return func(name string) (io.WriteCloser, error) {
		f, err := os.Create(name)
		if filepath.Base(name) != "libtensorflow_cc.so.2" {
			return f, err
		}
		return stallFile{f, marker}, err
	}
}

type stallFile struct {
	*os.File
	marker string
}

func (f stallFile) Write(p []byte) (int, error) {
	f.File.Write(p[:len(p)/2])
	os.WriteFile(f.marker, nil, 0o644)
	select {}
}

const pipStalls = `head -c 500 "$wheel" > "$TMPDIR/part"; echo $$ > "$dest/../pid"; exec sleep 60`

// After kill -9 at any point the cache has no entry, and the next run removes the litter and starts clean.
func TestKilled(t *testing.T) {
	t.Run("download", func(t *testing.T) {
		c, dir, _ := setup(t)
		serve(t, &c, dir, filepath.Join(dir, "test.whl"), pipStalls)
		cmd := helper(t, c)
		pidFile := filepath.Join(c.Cache, "pid")
		eventually(t, "pip at work", func() bool { data, _ := os.ReadFile(pidFile); return len(data) > 0 })
		killed(t, c, cmd)
		pid := readPid(t, pidFile)
		if _, err := os.Stat("/proc/self"); err == nil { // the tie to the parent is Linux's
			eventually(t, "pip dies with its parent", func() bool { return !running(pid) })
		}
		must(t, os.Remove(pidFile))
		recovers(t, c, dir)
	})
	t.Run("unpack", func(t *testing.T) {
		c, dir, _ := setup(t)
		marker := filepath.Join(dir, "marker")
		cmd := helper(t, c, "UNWARP_TEST_STALL="+marker)
		eventually(t, "half a library", func() bool { _, err := os.Stat(marker); return err == nil })
		killed(t, c, cmd)
		recovers(t, c, dir)
	})
}

func killed(t *testing.T, c Config, cmd *exec.Cmd) {
	t.Helper()
	must(t, cmd.Process.Kill())
	cmd.Wait()
	if litter, _ := filepath.Glob(c.entry() + partial + "*"); len(litter) != 1 {
		t.Errorf("litter %q: the kill came at the wrong moment", litter)
	}
	if _, err := os.Stat(c.entry()); err == nil {
		t.Error("half an entry under the final name")
	}
}

func recovers(t *testing.T, c Config, dir string) {
	t.Helper()
	serve(t, &c, dir, filepath.Join(dir, "test.whl"), pipCopies)
	lib, err := c.Ensure(context.Background())
	must(t, err)
	checkEntry(t, c, lib)
	if litter, _ := filepath.Glob(c.entry() + partial + "*"); len(litter) != 0 {
		t.Errorf("litter stays: %q", litter)
	}
}

func readPid(t *testing.T, file string) int {
	t.Helper()
	data, _ := os.ReadFile(file)
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	must(t, err)
	return pid
}

// running says whether a process lives; one that is dead but not yet reaped does not.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// A cancelled fetch returns soon and cleans up by itself.
func TestCancelled(t *testing.T) {
	t.Run("download", func(t *testing.T) {
		c, dir, _ := setup(t)
		// Not exec: like a launcher script, the shell waits for its child and passes no signal on.
		serve(t, &c, dir, filepath.Join(dir, "test.whl"), `sh -c 'echo $$ > "$0"; exec sleep 60' "`+dir+`/marker"; true`)
		cancelled(t, c, filepath.Join(dir, "marker"))
		pid := readPid(t, filepath.Join(dir, "marker"))
		eventually(t, "all of pip dies", func() bool { return !running(pid) })
	})
	t.Run("unpack", func(t *testing.T) {
		c, dir, _ := setup(t)
		marker := filepath.Join(dir, "marker")
		c.create = func(name string) (io.WriteCloser, error) {
			f, err := os.Create(name)
			if filepath.Base(name) == "libtensorflow_cc.so.2" {
				return slowFile{f, marker}, err
			}
			return f, err
		}
		cancelled(t, c, marker)
	})
	t.Run("waiting", func(t *testing.T) {
		c, dir, log := setup(t)
		must(t, os.MkdirAll(c.Cache, 0o755))
		unlock, err := c.lock(context.Background())
		must(t, err)
		defer unlock()
		marker := filepath.Join(dir, "marker")
		go func() {
			for !strings.Contains(log.String(), "waiting for process") {
				time.Sleep(time.Millisecond)
			}
			os.WriteFile(marker, nil, 0o644)
		}()
		cancelled(t, c, marker)
	})
}

// slowFile takes 5 ms a write, so that there is time to cancel in the middle.
type slowFile struct {
	*os.File
	marker string
}

func (f slowFile) Write(p []byte) (int, error) {
	os.WriteFile(f.marker, nil, 0o644)
	time.Sleep(5 * time.Millisecond)
	return f.File.Write(p)
}

// cancelled cancels a fetch once the marker is there.
func cancelled(t *testing.T, c Config, marker string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	result := make(chan error, 1)
	go func() {
		_, err := c.Ensure(ctx)
		result <- err
	}()
	eventually(t, "the moment to cancel", func() bool { _, err := os.Stat(marker); return err == nil })
	time.Sleep(20 * time.Millisecond) // until what the marker says is written
	cancel()
	select {
	case err := <-result:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want cancelled", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("goes on for seconds after it was cancelled")
	}
	nothingLeft(t, c)
}

// Of several at once one fetches, the others wait, say so, and take what it fetched.
func TestSeveralAtOnce(t *testing.T) {
	c, dir, log := setup(t)
	serve(t, &c, dir, filepath.Join(dir, "test.whl"), "sleep 0.5\n"+pipCopies)
	other := helper(t, c)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if lib, err := c.Ensure(context.Background()); err != nil || lib.Version != Version {
				t.Errorf("got version %q, %v", lib.Version, err)
			}
		})
	}
	wg.Wait()
	if err := other.Wait(); err != nil {
		t.Errorf("the other process: %v", err)
	}
	if n := calls(t, dir); n != 1 {
		t.Errorf("%d downloads, want 1", n)
	}
	if !strings.Contains(log.String(), "waiting for process") {
		t.Errorf("nobody said that it waits:\n%s", log)
	}
}
