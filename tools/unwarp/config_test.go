package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/config"
	"unwarp/tools/internal/experiment"
)

// TestPrecedence gives one key in more and more places.
func TestPrecedence(t *testing.T) {
	dir := t.TempDir()
	loaded := func(args ...string) uint64 {
		t.Helper()
		run := filepath.Join(dir, "run")
		os.RemoveAll(run)
		must(t, append([]string{"train", "--run", run,
			"--set", "train.duration=1st", "--set", "attack.attacks=", "--set", "data.train=16", "--set", "data.validation=0", "--set", "data.test=10",
			"--set", "train.batch=16", "--set", "model.kind=base", "--set", "model.appearance=4", "--set", "model.geometry=4"}, args...)...)
		c, err := experiment.ReadFolder(run)
		if err != nil {
			t.Fatal(err)
		}
		return c.Seed
	}
	file := configFile(t, "seed: 11\n")
	if got := loaded(); got != config.Default().Seed {
		t.Errorf("default: got %d", got)
	}
	if got := loaded("-c", file); got != 11 {
		t.Errorf("file over default: got %d", got)
	}
	t.Setenv("UNWARP_SEED", "12")
	got := loaded("-c", file)
	os.Unsetenv("UNWARP_SEED") // ReadFolder is under the environment too
	if got != 12 {
		t.Errorf("environment over file: got %d", got)
	}
	os.Setenv("UNWARP_SEED", "12")
	if got := loaded("-c", file, "--seed", "13"); got != 12 {
		t.Errorf("environment over a run's file: got %d", got)
	}
	os.Unsetenv("UNWARP_SEED")
	if got := loaded("-c", file, "--seed", "13"); got != 13 {
		t.Errorf("flag over file: got %d", got)
	}
	if got := loaded("--seed", "13", "--set", "seed=14"); got != 14 {
		t.Errorf("--set over flag: got %d", got)
	}
}

// TestElsewhere uses a run from another working folder, and one whose images
// have moved.
func TestElsewhere(t *testing.T) {
	home, other := t.TempDir(), t.TempDir()
	writeIDX(t, filepath.Join(home, "images"))
	t.Chdir(home)
	must(t, "train", "-c", configFile(t, tiny), "--run", "run", "--set", "data.set=mnist", "--set", "data.path=images", "--set", "data.train=40", "--set", "attack.attacks=")
	t.Chdir(other)
	must(t, "evaluate", filepath.Join(home, "run"))
	if err := os.Rename(filepath.Join(home, "images"), filepath.Join(other, "moved")); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(home, "run")
	unwarp(t, "evaluate", run).fails(t, exitUsage, filepath.Join(home, "images"), "working folder", other, "--set data.path")
	must(t, "evaluate", run, "--set", "data.path=moved")
	must(t, "train", "--resume", run, "--set", "data.path=moved")
}

// writeIDX writes a small set as MNIST is written.
func writeIDX(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const n = 60
	pixels := make([]byte, n*28*28)
	labels := make([]byte, n)
	for i := range pixels {
		pixels[i] = byte(i * i / 7)
	}
	for i := range labels {
		labels[i] = byte(i % 10)
	}
	for _, part := range []string{"train", "t10k"} {
		for name, raw := range map[string]string{
			"images-idx3-ubyte": "\x00\x00\x08\x03\x00\x00\x00\x3c\x00\x00\x00\x1c\x00\x00\x00\x1c" + string(pixels),
			"labels-idx1-ubyte": "\x00\x00\x08\x01\x00\x00\x00\x3c" + string(labels),
		} {
			if err := os.WriteFile(filepath.Join(dir, part+"-"+name), []byte(raw), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestCompletion(t *testing.T) {
	run := trained(t)
	parent := filepath.Dir(run)
	for _, row := range []struct {
		args []string
		want []string
	}{
		{[]string{"eval"}, []string{"evaluate"}},
		{[]string{"evaluate", parent + "/"}, []string{run}},
		{[]string{"train", "--resume", parent + "/r"}, []string{run}},
		{[]string{"train", "--set", "train.b"}, []string{"train.batch="}},
		{[]string{"evaluate", run, "--checkpoint", ""}, []string{"last", "best"}},
		{[]string{"evaluate", run, "--part", "v"}, []string{"validation"}},
		{[]string{"attack", run, "--norm", ""}, []string{"linf", "l2"}},
		{[]string{"attack", run, "--attack", ""}, []string{"fgsm", "bim", "random"}},
		{[]string{"train", "--device", ""}, []string{"auto", "cpu", "gpu"}},
		{[]string{"export", run, "--input", "u"}, []string{"uint8"}},
		{[]string{"train", "--config", ""}, []string{"yaml"}},
	} {
		out := must(t, append([]string{"__complete"}, row.args...)...).out
		lines := strings.Split(out, "\n")
		for _, want := range row.want {
			found := false
			for _, l := range lines {
				word, _, _ := strings.Cut(l, "\t")
				found = found || word == want
			}
			if !found {
				t.Errorf("%q: want %q, got %q", row.args, want, out)
			}
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := must(t, "completion", shell).out; len(out) < 1000 {
			t.Errorf("%s: got %q", shell, out)
		}
	}
}
