package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"unwarp/tools/internal/report"
)

// long is tiny, but goes on for a while and saves all the time.
const long = `
data: {train: 64, validation: 20, test: 30, size: 28}
model: {appearance: 8, geometry: 8, width: 4}
train: {batch: 16, duration: 30st, checkpoint: 5st, evaluate: 15st, log: 1st, augment: 'deform(stretch=1..3,shift=1..3)'}
attack: {attacks: []}
`

// TestKilled ends a training in the middle by each signal and resumes it: the
// weights must be those of a training that was left alone.
func TestKilled(t *testing.T) {
	config := configFile(t, long)
	alone := filepath.Join(t.TempDir(), "alone")
	must(t, "train", "--config", config, "--run", alone)
	want := weights(t, alone)

	for _, row := range []struct {
		signal syscall.Signal
		code   int // -1: ended by the signal itself
	}{{syscall.SIGKILL, -1}, {syscall.SIGINT, exitInterrupted}, {syscall.SIGTERM, exitInterrupted}, {syscall.SIGHUP, exitInterrupted}} {
		t.Run(row.signal.String(), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			c := child(t, "train", "--config", config, "--run", dir)
			var out, stderr bytes.Buffer
			c.Stdout, c.Stderr = &out, &stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			waitFor(t, c, func() bool { return beyond(dir) })
			if err := c.Process.Signal(row.signal); err != nil {
				t.Fatal(err)
			}
			c.Wait()
			if got := c.ProcessState.ExitCode(); got != row.code {
				t.Fatalf("exit code: want %d, got %d (if 0, it was done before the signal): %s", row.code, got, stderr.String())
			}
			if row.code == exitInterrupted {
				r := result{row.code, out.String(), stderr.String()}
				r.failsAfter(t, exitInterrupted, "--resume "+dir)
			}
			if pointer(dir, "last") == "step-00000030" {
				t.Fatal("the training was done before the signal came")
			}
			r := must(t, "train", "--resume", dir)
			if !strings.Contains(r.err, "continuing from step") {
				t.Errorf("want it to go on, got %q", r.err)
			}
			got := weights(t, dir)
			for name, raw := range want {
				if !bytes.Equal(got[name], raw) {
					t.Errorf("%s differs from that of an uninterrupted run", name)
				}
			}
			if litter, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "*.unfinished")); len(litter) > 0 {
				t.Errorf("left behind: %v", litter)
			}
			if got, want := steps(t, dir), steps(t, alone); got != want {
				t.Errorf("metrics: want the steps\n%s\ngot\n%s", want, got)
			}
		})
	}
}

// beyond reports whether a run has saved a checkpoint and gone on, so that its
// metrics hold steps that the resumed run will do again.
func beyond(dir string) bool {
	var step int
	if _, err := fmt.Sscanf(pointer(dir, "last"), "step-%d", &step); err != nil {
		return false
	}
	raw, err := os.ReadFile(filepath.Join(dir, "metrics.jsonl"))
	return err == nil && bytes.Count(raw, []byte(`"kind":"train"`)) > step
}

// weights are the files of the last checkpoint, without the one that holds
// times.
func weights(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := files(t, filepath.Join(dir, "checkpoints", pointer(dir, "last")))
	delete(all, "state.json")
	if len(all) != 3 {
		t.Fatalf("want variables and manifest, got %s", names(all))
	}
	return all
}

// steps lists kind and step of each line of the metrics.
func steps(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(raw)) {
		kind, rest, _ := strings.Cut(line, `"step":`)
		step, _, _ := strings.Cut(rest, ",")
		fmt.Fprintf(&out, "%v %s, ", strings.Contains(kind, "train"), step)
	}
	return out.String()
}

func waitFor(t *testing.T, c *exec.Cmd, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ready() {
			return
		}
	}
	c.Process.Kill()
	t.Fatal("nothing happened for a minute")
}

// TestInterrupted interrupts commands once they have said something: nothing
// is on standard output, and no file is left.
func TestInterrupted(t *testing.T) {
	run := trained(t)
	for _, row := range []struct {
		name string
		args []string
	}{
		{"evaluate", []string{"evaluate", run, "--set", "data.test=20000", "--other-data"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := child(t, row.args...)
			c.Dir = t.TempDir()
			var out bytes.Buffer
			c.Stdout = &out
			pipe, err := c.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			said := bufio.NewReader(pipe)
			first, err := said.ReadString('\n')
			if err != nil {
				t.Fatalf("it said nothing: %v", err)
			}
			if err := c.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(said)
			c.Wait()
			r := result{c.ProcessState.ExitCode(), out.String(), first + string(rest)}
			r.failsAfter(t, exitInterrupted, "interrupted", "nothing was written")
			if left := files(t, c.Dir); len(left) > 0 {
				t.Errorf("left behind: %s", names(left))
			}
		})
	}
}

// TestAttackResumed interrupts an evaluation by each signal: it keeps what it
// has, goes on when told so, and comes to the same figures.
func TestAttackResumed(t *testing.T) {
	run := trained(t)
	args := func(home string, more ...string) []string {
		return append([]string{"attack", run, "--out", home, "--images", "0", "--set", "data.test=400", "--other-data", "--set", "attack.batch=8", "--precision", "float32",
			"--checks", "0", "--attack", "random", "--attack", "pgd(steps=10,restarts=2)", "--eps", ".02 .1"}, more...)
	}
	alone := t.TempDir()
	must(t, args(alone)...)
	want, _, err := report.Load(alone)
	if err != nil {
		t.Fatal(err)
	}
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			home := t.TempDir()
			journal := filepath.Join(home, "attack", "journal.jsonl")
			c := child(t, args(home)...)
			var out, stderr bytes.Buffer
			c.Stdout, c.Stderr = &out, &stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			waitFor(t, c, func() bool {
				raw, err := os.ReadFile(journal)
				return err == nil && bytes.Count(raw, []byte("\n")) > 3
			})
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			c.Wait()
			if got := c.ProcessState.ExitCode(); got == 0 {
				t.Fatalf("it was done before the signal: %s", stderr.String())
			}
			if signal != syscall.SIGKILL {
				result{c.ProcessState.ExitCode(), out.String(), stderr.String()}.failsAfter(t, exitInterrupted, "--resume", "kept")
			}
			unwarp(t, args(home)...).fails(t, exitUsage, "--resume", "--restart")
			unwarp(t, args(home, "--resume", "--norm", "l2")...).fails(t, exitUsage, "another evaluation", "attack.norm: the journal has linf, now l2")
			must(t, args(home, "--resume")...)
			got, _, err := report.Load(home)
			if err != nil {
				t.Fatal(err)
			}
			for s, series := range want.Evaluation.Attacks {
				for i, at := range series.Results {
					// Batches of other sizes are rounded otherwise.
					g := got.Evaluation.Attacks[s].Results[i]
					if g.Tried != at.Tried || g.Class != at.Class || g.Cost != at.Cost || g.ThreatDistance != at.ThreatDistance && math.Abs(float64(g.ThreatDistance-at.ThreatDistance)) > 1e-5 {
						t.Errorf("attack %d, image %d: %+v, uninterrupted %+v", s, i, g, at)
					}
				}
			}
			if _, err := os.Stat(journal); err == nil {
				t.Error("the journal is left behind")
			}
			unwarp(t, args(home, "--resume")...).fails(t, exitUsage, "no interrupted evaluation")
		})
	}
}
