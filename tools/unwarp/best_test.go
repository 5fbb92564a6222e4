package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/report"
)

// A run whose validation images chose a checkpoint before the last is evaluated, exported
// and attacked with it, and says so; --checkpoint last takes the other. A run without one
// has the last.
func TestBestIsTaken(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	// At this rate the loss of the validation images rises.
	args := []string{"train", "--config", configFile(t, tiny), "--set", "train.duration=40st", "--set", "train.evaluate=1st", "--rate", ".5", "--set", "train.patience=3",
		"--set", "train.schedule.name=constant", "--set", "model.kind=base", "--set", "attack.attacks=[]"}
	r := must(t, append(args, "--run", run+"2")...)
	var s report.Summary
	must(t, append(args, "--run", run, "--json")...).decode(t, &s)
	if s.Checkpoint != "best" || s.CheckpointStep != s.Training.BestStep || s.Training.BestStep >= s.Training.Steps || !s.Training.StoppedEarly {
		t.Fatalf("checkpoint %q of step %d, training %+v", s.Checkpoint, s.CheckpointStep, s.Training)
	}
	for _, want := range []string{"It ended early", "checkpoint best", "--checkpoint last takes"} {
		if !strings.Contains(strings.Join(strings.Fields(r.out), " "), want) {
			t.Errorf("want %q in %s", want, r.out)
		}
	}
	accuracy := func(args ...string) (e report.Evaluated) {
		must(t, append([]string{"evaluate"}, append(args, "--json")...)...).decode(t, &e)
		return e
	}
	best, last, exported := accuracy(run), accuracy(run, "--checkpoint", "last"), accuracy(filepath.Join(run, "export"))
	if best.Checkpoint != "best" || best.Step != s.CheckpointStep || best.Loss != s.Test.Loss || exported.Loss-best.Loss > 1e-5 || best.Loss-exported.Loss > 1e-5 {
		t.Errorf("best %+v, of the summary %+v, of the export %+v", best, s.Test, exported.Evaluation)
	}
	if last.Checkpoint != "last" || last.Step != s.Training.Steps || last.Loss == best.Loss {
		t.Errorf("last %+v", last)
	}
	if r := must(t, "evaluate", run); !strings.Contains(r.err, "taking its checkpoint best, of step ") {
		t.Errorf("no remark in %s", r.err)
	}
	if err := os.Remove(filepath.Join(run, "checkpoints", "best")); err != nil {
		t.Fatal(err)
	}
	if without := accuracy(run); without.Checkpoint != "last" || without.Loss != last.Loss {
		t.Errorf("without a best one: %+v", without)
	}
}

// A resumed training may not add what its configuration did not have; the keys that are
// left out of config.yaml at their defaults leave the identity of a run as it was.
func TestResumeWithNewKeys(t *testing.T) {
	run := spoiled(t)
	for _, file := range []string{"config.yaml", "identity.json"} {
		raw, err := os.ReadFile(filepath.Join(run, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"patience", "smoothing", "class_weights"} {
			if strings.Contains(string(raw), key) {
				t.Errorf("%s has %s, at its default", file, key)
			}
		}
	}
	for kv, want := range map[string]string{
		"train.objective.smoothing=.1": "train.objective.smoothing is 0.1, and was not set",
		"train.patience=3":             "train.patience is 3, and was not set",
	} {
		unwarp(t, "train", "--resume", run, "--set", kv).failsAfter(t, exitFailed, want)
	}
	must(t, "train", "--resume", run, "--set", "train.objective.smoothing=0")
}
