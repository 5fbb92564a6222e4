package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/report"
	"unwarp/trainer"
)

// TestPrecedence gives one key in more and more places.
func TestPrecedence(t *testing.T) {
	run := trained(t) // before the environment says otherwise
	augment := func(args ...string) string {
		t.Helper()
		var d report.Data
		must(t, append([]string{"data", "--json", "--set", "data.train=10", "--set", "data.validation=0", "--set", "data.test=10"}, args...)...).decode(t, &d)
		return d.Augment
	}
	file := configFile(t, "train: {augment: crop(25)}")
	if got := augment(); got != "" {
		t.Errorf("default: got %q", got)
	}
	if got := augment("-c", file); got != "crop(25)" {
		t.Errorf("file over default: got %q", got)
	}
	t.Setenv("UNWARP_TRAIN_AUGMENT", "crop(24)")
	if got := augment("-c", file); got != "crop(24)" {
		t.Errorf("environment over file: got %q", got)
	}
	if got := augment("-c", file, "--set", "train.augment=crop(23)"); got != "crop(23)" {
		t.Errorf("--set over environment: got %q", got)
	}

	input := func(args ...string) string {
		t.Helper()
		var e trainer.ExportReport
		must(t, append([]string{"export", run, "--json", "--out", filepath.Join(t.TempDir(), "x"), "--set", "train.augment="}, args...)...).decode(t, &e)
		return e.Input
	}
	t.Setenv("UNWARP_EXPORT_INPUT", "uint8")
	if got := input(); got != "uint8" {
		t.Errorf("environment over the run's configuration: got %q", got)
	}
	if got := input("--input", "float"); got != "float" {
		t.Errorf("flag over environment: got %q", got)
	}
	if got := input("--set", "export.input=uint8", "--input", "float"); got != "uint8" {
		t.Errorf("--set over flag: got %q", got)
	}
}

// TestConfig prints what a run would get, which is a configuration again, and
// explains keys.
func TestConfig(t *testing.T) {
	out := must(t, "config", "-c", configFile(t, tiny), "--seed", "7", "--set", "train.optimizer.name=sgd").out
	for _, want := range []string{"seed: 7", "name: sgd", "duration: 4st", "set: glyphs"} {
		if !strings.Contains(out, want) {
			t.Errorf("want %q in\n%s", want, out)
		}
	}
	if again := must(t, "config", "-c", configFile(t, out)).out; again != out {
		t.Errorf("read again it is\n%s", again)
	}
	var c map[string]any
	must(t, "config", "--json", "--set", "seed=3").decode(t, &c)
	if c["seed"] != 3. {
		t.Errorf("JSON: got %v", c["seed"])
	}
	if got := must(t, "config", "train.batch").out; !strings.Contains(got, "images in a step") || !strings.Contains(got, "128") || !strings.Contains(got, "UNWARP_TRAIN_BATCH") {
		t.Errorf("a key: got %q", got)
	}
	var keys []struct{ Name string }
	must(t, "config", "train.schedule", "--json").decode(t, &keys)
	if len(keys) != 6 || keys[0].Name != "train.schedule.name" {
		t.Errorf("a part: got %v", keys)
	}
	page, err := os.ReadFile("../configs/KEYS.md")
	if err != nil {
		t.Fatal(err)
	}
	if got := must(t, "config", "--markdown").out; got != string(page) {
		t.Error("--markdown is not tools/configs/KEYS.md")
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
		{[]string{"config", "train.b"}, []string{"train.batch"}},
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

// TestConfigWithoutData: a configuration is shown where its data set is not.
func TestConfigWithoutData(t *testing.T) {
	t.Chdir(t.TempDir())
	r := unwarp(t, "config", "--set", "data.set=mnist", "--set", "data.path=no/such", "--set", "train.batch=7")
	if r.code != exitDone || !strings.Contains(r.out, "batch: 7") || !strings.Contains(r.out, "no/such") {
		t.Errorf("want the configuration, got exit code %d: %s%s", r.code, r.out, r.err)
	}
}
