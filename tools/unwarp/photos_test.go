package main

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/training"
	"unwarp/tools/internal/study/photoset"
)

// drawPhotos draws a small set.
func drawPhotos(t *testing.T, perClass int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "photos")
	if err := (photoset.Set{Seed: 5, PerClass: perClass, Least: 33, Most: 39}).Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// quick makes the photo settings a matter of seconds.
var quick = []string{"--epochs", "1", "--set", "model.encoder=photo-cnn(width=4)", "--set", "model.width=2", "--set", "attack.attacks=[]"}

// --data of a folder of images takes the photo settings, fitted to them; what is given goes
// before them. The trained model classifies image files.
func TestPhotoSettings(t *testing.T) {
	photos, run := drawPhotos(t, 32), filepath.Join(t.TempDir(), "run")
	args := append([]string{"train", "--data", photos, "--run", run, "--json", "--set", "train.objective.class_weights=balanced", "--set", "train.augment=flip|erase(.5)|mixup(.2)"}, quick...)
	var s report.Summary
	r := must(t, args...)
	r.decode(t, &s)
	c := s.Config
	if c.Data.Set != "folder" || c.Data.Size != 32 || c.Data.Validation != 12 || c.Train.Batch != 4 || c.Model.Normalise != "set" || c.Train.Objective.Smoothing != .1 {
		t.Errorf("settings %+v, batch %d", c.Data, c.Train.Batch)
	}
	if weights := string(c.Train.Objective.ClassWeights); len(strings.Fields(weights)) != 4 {
		t.Errorf("class weights %q", weights)
	}
	for _, want := range []string{"photo settings: 32 px", "warning: ", "fewer than 500 seldom teach much"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("want %q in %s", want, r.err)
		}
	}
	if len(s.Warnings) == 0 || s.Checkpoint != "best" {
		t.Errorf("warnings %q, checkpoint %s", s.Warnings, s.Checkpoint)
	}
	var p predictions
	must(t, "predict", run, photos, "--json", "--top", "4").decode(t, &p)
	if len(p.Images) != 128 || len(p.Images[0].Classes) != 4 || p.Images[0].Error != "" {
		t.Errorf("%d images, %+v", len(p.Images), p.Images[0])
	}
	// The run has its configuration: resumed, it is not fitted again, and is done.
	if r := must(t, "train", "--resume", run); strings.Contains(r.err, "photo settings") {
		t.Errorf("fitted again: %s", r.err)
	}
}

// Where a configuration or another preset is given, or none is asked for, --data means data
// alone; the preset by its name is fitted as well.
func TestPhotoSettingsAreDefaults(t *testing.T) {
	photos := drawPhotos(t, 16)
	for _, c := range []struct {
		args []string
		want string // train.batch
	}{
		{[]string{"--preset", "photos", "--set", "data.set=folder", "--set", "data.path=" + photos}, "    batch: 4\n"},
		{[]string{"--preset", "photos"}, "    batch: 16\n"},
		{[]string{"--preset", "photos", "--set", "data.path=" + photos + "/none"}, "    batch: 16\n"},
		{[]string{"--preset", "photos", "--set", "data.path=" + photos, "--set", "train.batch=9"}, "    batch: 9\n"},
		{[]string{"--preset", "none"}, "    batch: 128\n"},
		{[]string{"--set", "data.set=folder", "--set", "data.path=" + photos}, "    batch: 128\n"},
	} {
		if text := must(t, append([]string{"config"}, c.args...)...).out; !strings.Contains(text, c.want) {
			t.Errorf("%v: want %q in %s", c.args, c.want, text)
		}
	}
	// unwarp data shows what a training would take, and what follows from a side that is given.
	r := must(t, "data", "--data", photos, "--set", "data.size=60")
	if !strings.Contains(r.err, "photo settings: 60 px") || !strings.Contains(r.out, "the model sees 60x60x3 after flip|stretch(-5..5)|shift(0..5)") {
		t.Errorf("unwarp data: %s%s", r.err, r.out)
	}
	for _, args := range [][]string{{"--preset", "none"}, {"--config", configFile(t, "train: {batch: 99}")}} {
		args = append([]string{"train", "--data", photos, "--run", filepath.Join(t.TempDir(), "r"), "--set", "data.validation=2000"}, args...)
		if r := unwarp(t, args...); strings.Contains(r.err, "photo settings") || !strings.Contains(r.err, "data.validation") {
			t.Errorf("%v: %s", args, r.err)
		}
	}
}

// What cannot be trained on is refused before a run folder is made.
func TestPhotoSettingsRefused(t *testing.T) {
	photos, run := drawPhotos(t, 3), filepath.Join(t.TempDir(), "run")
	for _, c := range []struct {
		kv, want string
	}{
		{"train.patience=2", "train.patience: want validation images"},
		{"train.objective.class_weights=1 2", "want a number for each of the 4 classes, got 2"},
		{"train.objective.class_weights=balance", "want balanced, or a number"},
		{"train.sampling=even", "train.sampling: want balanced"},
		{"train.augment=mixup(3)", "0.05..2"},
	} {
		args := append([]string{"train", "--data", photos, "--run", run}, quick...)
		r := unwarp(t, append(args, "--set", c.kv)...)
		if r.code != exitUsage || !strings.Contains(r.err, c.want) {
			t.Errorf("%s: code %d, %s", c.kv, r.code, r.err)
		}
		if _, err := os.Stat(run); err == nil {
			t.Errorf("%s: left a run folder", c.kv)
		}
	}
}

// The range test suggests a rate, draws the curve and makes no run.
func TestFindRate(t *testing.T) {
	t.Chdir(t.TempDir())
	var f training.FoundRate
	must(t, "train", "--config", configFile(t, tiny), "--find-rate", "--json").decode(t, &f)
	if f.Suggestion < 1e-5 || f.Suggestion > .1 || len(f.Points) < 20 {
		t.Errorf("suggested %g of %d points", f.Suggestion, len(f.Points))
	}
	file, err := os.Open(f.Picture)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if m, err := png.Decode(file); err != nil || m.Bounds().Dx() < 300 {
		t.Errorf("picture %v", err)
	}
	if left, _ := filepath.Glob("runs/*"); len(left) != 1 {
		t.Errorf("left %v", left)
	}
	if r := must(t, "train", "--config", configFile(t, tiny), "--find-rate"); !strings.Contains(r.out, "Train with --rate ") || !strings.Contains(r.out, f.Picture) {
		t.Errorf("printed %s", r.out)
	}
	unwarp(t, "train", "--find-rate", "--resume", "x").fails(t, exitUsage, "--find-rate")
	unwarp(t, "train", "--find-rate", "--run", "x").fails(t, exitUsage, "--find-rate")
}
