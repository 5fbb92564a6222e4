package trainer

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"unwarp/pipelines/files"
)

// An export whose folder is deleted meanwhile is no success, and makes nothing
// anew.
func TestExportFolderGone(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "run")
	f, err := beginExport(filepath.Join(parent, "export"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if err := os.Rename(parent, parent+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(savedModelFile, nil); err == nil {
		t.Error("a file was written")
	}
	if err := os.Mkdir(parent, 0o777); err != nil { // another folder in its place
		t.Fatal(err)
	}
	if err := f.publish(); !errors.As(err, new(*files.GoneError)) {
		t.Errorf("want it noticed, got %v", err)
	}
	if got := names(t, parent); got != "" {
		t.Errorf("made anew: %s", got)
	}
}

// A run whose folder, or a part of it, is deleted, renamed or replaced meanwhile
// ends with an error that names it, and makes nothing anew.
func TestFolderGone(t *testing.T) {
	p, net := declared(t, 7, fullConfig(t), fullModel(), littleShape)
	for _, c := range []struct {
		name, part string
		do         func(dir string) error
		left       string // in the parent folder
	}{
		{"deleted", ".", os.RemoveAll, ""},
		{"renamed", ".", func(dir string) error { return os.Rename(dir, dir+".moved") }, "run.moved"},
		{"replaced", ".", func(dir string) error { return errors.Join(os.Rename(dir, dir+".moved"), os.Mkdir(dir, 0o777)) }, "run run.moved"},
		{"without checkpoints", "checkpoints", func(dir string) error { return os.RemoveAll(filepath.Join(dir, CheckpointsDir)) }, "run"},
		{"without metrics", MetricsFile, func(dir string) error { return os.Remove(filepath.Join(dir, MetricsFile)) }, "run"},
		{"without event files", EventsDir, func(dir string) error {
			all, err := filepath.Glob(filepath.Join(dir, EventsDir, "*"))
			for _, f := range all {
				err = errors.Join(err, os.Remove(f))
			}
			return err
		}, "run"},
		{"without events", EventsDir, func(dir string) error { return os.RemoveAll(filepath.Join(dir, EventsDir)) }, "run"},
	} {
		for _, at := range []string{"step 8", "step 16"} { // in the middle, at the end
			parent := t.TempDir()
			dir := filepath.Join(parent, "run")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			_, err := p.Run(t.Context(), net, fullInputs(dir), &recorder{on: func(event string) {
				if event == at {
					if err := c.do(dir); err != nil {
						t.Fatal(err)
					}
				}
			}})
			var gone *files.GoneError
			if !errors.As(err, &gone) {
				t.Errorf("%s at %s: want it noticed, got %v", c.name, at, err)
			}
			if got := names(t, parent); got != c.left {
				t.Errorf("%s at %s: want %q left, got %q", c.name, at, c.left, got)
			}
			if c.name == "replaced" {
				if got := names(t, dir); got != "" {
					t.Errorf("%s at %s: written into another folder: %s", c.name, at, got)
				}
			}
		}
	}
}

// A kill after the last checkpoint, before the one before it was removed, leaves
// things that resuming removes although nothing is left to train.
func TestLeftoversOfTheEnd(t *testing.T) {
	c := fullConfig(t)
	c.Duration, c.Evaluate, c.Checkpoint, c.Schedule.Warmup = mustDuration(t, "2st"), Duration{}, mustDuration(t, "1st"), Duration{}
	in := fullInputs(t.TempDir())
	in.Validation = nil
	dir := filepath.Join(in.Dir, CheckpointsDir)
	if _, _, err := session(t, t.Context(), c, in, &recorder{on: func(event string) {
		if event == "saved 1 last" { // kept as if it had not been removed
			if err := os.CopyFS(in.Dir+".kept", os.DirFS(dir)); err != nil {
				t.Error(err)
			}
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(filepath.Join(in.Dir+".kept", "step-00000001"), filepath.Join(dir, "step-00000001")),
		os.MkdirAll(filepath.Join(dir, ".unwarp-0123456789abcdef.tmp", "half"), 0o777)); err != nil {
		t.Fatal(err)
	}
	in.Resume = true
	if _, _, err := session(t, t.Context(), c, in); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "last step-00000002" {
		t.Errorf("left over: %s", got)
	}
}
