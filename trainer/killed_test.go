package trainer

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"unwarp/graphs"
)

const killedDir = "UNWARP_TEST_KILLED_DIR"

// killedRun is a run that evaluates and saves all the time, so that most kills
// hit a save.
func killedRun(t *testing.T, dir string) (*TrainGraph, *graphs.Net, Inputs) {
	t.Helper()
	c := fullConfig(t)
	c.Duration, c.Evaluate, c.Checkpoint, c.Log = mustDuration(t, "120st"), mustDuration(t, "3st"), mustDuration(t, "1st"), mustDuration(t, "2st")
	p, net := declared(t, 7, c, fullModel(), littleShape)
	in := fullInputs(dir)
	in.Resume = true
	return p, net, in
}

// TestKilledChild is the process that TestKilled kills.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv(killedDir)
	if dir == "" {
		t.Skip("runs in a process of its own, for TestKilled")
	}
	p, net, in := killedRun(t, dir)
	if _, err := p.Run(t.Context(), net, in); err != nil {
		t.Fatal(err)
	}
}

// kill -9 at any moment leaves a run that resumes, and ends as one that was
// never killed.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	last := filepath.Join(dir, CheckpointsDir, Last)
	for round, wait := range []time.Duration{0, 37 * time.Millisecond, 101 * time.Millisecond} {
		before, _ := os.ReadFile(last)
		child := exec.Command(os.Args[0], "-test.run=^TestKilledChild$")
		child.Env = append(os.Environ(), killedDir+"="+dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		moved := false
		for start := time.Now(); time.Since(start) < 30*time.Second && !moved; time.Sleep(time.Millisecond) {
			now, _ := os.ReadFile(last)
			moved = string(now) != string(before)
		}
		time.Sleep(wait)
		child.Process.Kill()
		child.Wait()
		if !moved {
			t.Fatalf("round %d: want a checkpoint within half a minute", round)
		}
	}
	p, net, in := killedRun(t, dir)
	seen := &recorder{}
	s, err := p.Run(t.Context(), net, in, seen)
	if err != nil {
		t.Fatal(err)
	}
	if s.Steps != 120 || len(seen.loss) == 120 || len(seen.loss) == 0 {
		t.Errorf("want a resumed run to 120 steps, got %d, of which %d now", s.Steps, len(seen.loss))
	}
	q, straight, whole := killedRun(t, t.TempDir())
	want, err := q.Run(t.Context(), straight, whole)
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, "killed three times", values(t, net), values(t, straight))
	if s.BestStep != want.BestStep || s.Losses != want.Losses {
		t.Errorf("want %+v, got %+v", want, s)
	}
	lines, straightLines := metricLines(t, dir), metricLines(t, whole.Dir)
	if len(lines) != len(straightLines) {
		t.Errorf("want %d lines of metrics, got %d", len(straightLines), len(lines))
	}
	for i := range min(len(lines), len(straightLines)) {
		a, b := lines[i], straightLines[i]
		if a.Kind != b.Kind || a.Step != b.Step || a.Epoch != b.Epoch || (a.Loss != nil && *a.Loss != *b.Loss) {
			t.Errorf("line %d: want %+v, got %+v", i, b, a)
		}
	}
	sameBoard(t, boardScalars(t, dir), boardScalars(t, whole.Dir))
	checkLitter(t, filepath.Join(dir, CheckpointsDir))
}

// checkLitter: pointers and what they name, nothing else.
func checkLitter(t *testing.T, dir string) {
	t.Helper()
	keep := map[string]bool{Best: true, Last: true}
	for _, pointer := range []string{Best, Last} {
		name, err := (Checkpoints{dir}).folderOf(pointer)
		if err != nil {
			t.Error(err)
		}
		keep[filepath.Base(name)] = true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !keep[e.Name()] {
			t.Errorf("%s is left over", e.Name())
		}
	}
}
