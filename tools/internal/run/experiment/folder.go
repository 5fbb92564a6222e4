package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// ConfigFile is the resolved configuration in a run folder.
const ConfigFile = "config.yaml"

// ErrTaken says that a folder is not free for a new run.
var ErrTaken = errors.New("holds a run already")

// NewFolder makes the run folder of c: the named one, which must not hold a
// run yet, or the first free name under runs/.
func NewFolder(c config.Config) (string, error) {
	dir := c.Run
	if dir == "" {
		base := filepath.Join("runs", fmt.Sprintf("%s-%s-seed%d", c.Data.Set, c.Model.Kind, c.Seed))
		dir = base
		for n := 2; exists(dir); n++ {
			dir = fmt.Sprintf("%s.%d", base, n)
		}
	}
	if exists(filepath.Join(dir, ConfigFile)) {
		return "", fmt.Errorf("run folder %s: %w: name another with --run, or go on with --resume %s", dir, ErrTaken, dir)
	}
	if err := os.MkdirAll(filepath.Join(dir, trainer.CheckpointsDir), 0o755); err != nil {
		return "", fmt.Errorf("run folder %s: cannot be made: %w", dir, err)
	}
	raw, err := c.YAML()
	if err != nil {
		return "", err
	}
	if err := trainer.WriteFile(filepath.Join(dir, ConfigFile), raw); err != nil {
		return "", fmt.Errorf("run folder %s: cannot be written: %w", dir, err)
	}
	return dir, nil
}

// ReadFolder takes the configuration of a run folder.
func ReadFolder(dir string) (config.Config, error) {
	path := filepath.Join(dir, ConfigFile)
	if !exists(path) {
		return config.Config{}, fmt.Errorf("run folder %s: want a folder made by unwarp train, but there is no %s in it", dir, ConfigFile)
	}
	c, err := config.Read(path)
	c.Run = dir
	return c, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// ClassesFile is the list of a set's classes in a run folder.
const ClassesFile = "classes.txt"

// WriteClasses writes the names of the classes of src into the run folder dir,
// one a line, that of class 0 first. A set that knows no names leaves no file.
func WriteClasses(dir string, src pipelines.Source) error {
	names := pipelines.ClassNames(src)
	if names == nil {
		return nil
	}
	path := filepath.Join(dir, ClassesFile)
	if err := trainer.WriteFile(path, []byte(strings.Join(names, "\n")+"\n")); err != nil {
		return fmt.Errorf("run folder %s: %s cannot be written: %w", dir, ClassesFile, err)
	}
	return nil
}

// checkClasses refuses a set whose classes have other names than those that the
// run in dir was trained on: their numbers would mean other classes.
func checkClasses(dir string, src pipelines.Source) error {
	names := pipelines.ClassNames(src)
	raw, err := os.ReadFile(filepath.Join(dir, ClassesFile))
	if names == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("run folder %s: %s cannot be read: %w", dir, ClassesFile, err)
	}
	learnt := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	for k := range max(len(learnt), len(names)) {
		want, got := "none", "none"
		if k < len(learnt) {
			want = strconv.Quote(learnt[k])
		}
		if k < len(names) {
			got = strconv.Quote(names[k])
		}
		if want != got {
			return &ConfigError{fmt.Errorf("%s: want the classes that the run in %s learnt, class %d %s, got %s: name the classes alike, or give data.path the set of the training", src.Name(), dir, k, want, got)}
		}
	}
	return nil
}
