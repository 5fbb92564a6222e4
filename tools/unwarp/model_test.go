package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/run/footprint"
)

// readModel runs a command that prints a description in JSON.
func readModel(t *testing.T, args ...string) footprint.Model {
	t.Helper()
	var m footprint.Model
	if err := json.Unmarshal([]byte(must(t, append(args, "--json")...).out), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// The parameters are those of the checkpoint's files, of a run, of its export and of
// a training that has not begun.
func TestModel(t *testing.T) {
	dir := trained(t)
	m := readModel(t, "model", dir)
	pointer, err := os.ReadFile(filepath.Join(dir, "checkpoints", "last"))
	if err != nil {
		t.Fatal(err)
	}
	step := filepath.Join(dir, "checkpoints", strings.TrimSpace(string(pointer)))
	info, err := os.Stat(filepath.Join(step, "variables.data-00000-of-00001"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Training == nil || m.Training.Checkpoints.Last != info.Size() || 3*4*m.Parameters != info.Size() { // Adam keeps two more
		t.Errorf("want %d bytes, got %+v of %d parameters", info.Size(), m.Training, m.Parameters)
	}
	export := readModel(t, "model", filepath.Join(dir, "export"))
	if export.Parameters != m.Parameters || export.Training != nil {
		t.Errorf("want %d parameters, got %+v", m.Parameters, export)
	}
	for _, flag := range [][]string{{"--data", t.TempDir()}, {"--epochs", "3"}, {"--set", "train.batch=9"}, {"--preset", "robust"}, {"--layout", "channels-first"}} {
		unwarp(t, append([]string{"model", dir}, flag...)...).fails(t, exitUsage, flag[0]+" and MODEL exclude each other")
	}
	planned := readModel(t, "model", "-c", configFile(t, tiny))
	if planned.Parameters != m.Parameters || planned.Training.Steps != 4 || planned.Classes != 10 || planned.Image != "28x28x1" {
		t.Errorf("want %d parameters and 4 steps, got %+v, %+v", m.Parameters, planned, planned.Training)
	}
	sum := int64(0)
	for _, l := range planned.Layers {
		if l.Op == "" || l.Name == "" || len(l.Shape) == 0 {
			t.Errorf("want name, op and shape, got %+v", l)
		}
		sum += l.Parameters
	}
	if sum != planned.Trainable { // without batch norm
		t.Errorf("want %d, got %d", planned.Trainable, sum)
	}
	if text := must(t, "model", dir).out; !strings.Contains(text, "encoder/conv1") || !strings.Contains(text, "checkpoints") {
		t.Errorf("got %s", text)
	}
}

// A dry run tells what the training takes and how long, and writes nothing.
func TestDryRun(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	m := readModel(t, "train", "--dry-run", "-c", configFile(t, tiny), "--run", run)
	if r := m.Training.Trial; r == nil || r.Steps != 4 || r.Tried < 1 || r.PerStep <= 0 || r.Evaluations < 1 || r.Duration() <= 0 {
		t.Errorf("got %+v", m.Training)
	}
	if _, err := os.Stat(run); err == nil {
		t.Error("a dry run made a run folder")
	}
	unwarp(t, "train", "--dry-run", "--resume", trained(t)).fails(t, exitUsage, "--dry-run and --resume")
	unwarp(t, "train", "--dry-run", "--find-rate").fails(t, exitUsage, "--dry-run and --find-rate")
}
