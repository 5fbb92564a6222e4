package experiment

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// trainRun is the folder of a run of a few steps.
func trainRun(t *testing.T, c config.Config) string {
	t.Helper()
	c.Run = filepath.Join(t.TempDir(), "teacher")
	x, err := Train(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := NewFolder(c); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Graph.Run(t.Context(), x.Net, trainer.Inputs{Train: x.Data.Train, Dir: c.Run, Seed: c.Seed}); err != nil {
		t.Fatal(err)
	}
	return c.Run
}

func brief() config.Config {
	c := small()
	c.Train.Batch = 10
	c.Train.Duration, _ = trainer.ParseDuration("2st")
	return c
}

// A run learns from the one that train.teacher names, and what it is depends on
// the teacher's weights, not on where they lie.
func TestTeacher(t *testing.T) {
	teacher := trainRun(t, brief())
	identity := func(dir string) string {
		t.Helper()
		c := brief()
		c.Train.Teacher = dir
		x, err := Train(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		if (x.Teacher == nil) != (dir == "") {
			t.Errorf("%q: teacher %v", dir, x.Teacher)
		}
		id, err := x.runIdentity()
		if err != nil {
			t.Fatal(err)
		}
		hash, err := id.hash()
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	plain, first := identity(""), identity(teacher)
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.CopyFS(moved, os.DirFS(teacher)); err != nil {
		t.Fatal(err)
	}
	other := brief()
	other.Seed++
	if again, second := identity(moved), identity(trainRun(t, other)); first == plain || again != first || second == first {
		t.Errorf("without %.8s, taught %.8s, by the same elsewhere %.8s, by another %.8s", plain, first, again, second)
	}
	// Another architecture may teach, on images of the same set.
	c := brief()
	c.Model.Kind, c.Train.Teacher = "disentangled", teacher
	x, err := Train(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := x.Graph.Run(t.Context(), x.Net, trainer.Inputs{Train: x.Data.Train, Dir: t.TempDir(), Seed: 1, Teacher: x.Teacher}); err != nil {
		t.Error(err)
	}
}

func TestTeacherRefused(t *testing.T) {
	wide := brief()
	wide.Data.Size = 20
	unfinished := t.TempDir()
	raw, err := brief().YAML()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(unfinished, ConfigFile), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	for dir, names := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "want a folder made by unwarp train",
		unfinished:                         "has the run saved anything yet?",
		trainRun(t, wide):                  "want a model of images of 28x28x1;got one of 20x20x1",
	} {
		c := brief()
		c.Train.Teacher = dir
		x, err := Train(context.Background(), c)
		if err == nil {
			x.Close()
		}
		var wrong *ConfigError
		if !errors.As(err, &wrong) {
			t.Errorf("%s: want a ConfigError, got %v", names, err)
			continue
		}
		for _, name := range append(strings.Split(names, ";"), "train.teacher: ") {
			if !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
				t.Errorf("want one line that names %q, got %q", name, err)
			}
		}
	}
}

func TestSameData(t *testing.T) {
	a := pipelines.Data{Set: "mnist", Path: "/a", Validation: 10}
	b := a
	if b.Path = "/b"; !sameData(a, b) {
		t.Error("the same set elsewhere counts as another")
	}
	if b.Validation++; sameData(a, b) {
		t.Error("another part to train on counts as the same")
	}
}
