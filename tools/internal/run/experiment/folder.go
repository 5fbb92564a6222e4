package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"unwarp/pipelines"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/shell"
	"unwarp/trainer"
)

// ConfigFile is the resolved configuration in a run folder.
const ConfigFile = "config.yaml"

// ErrTaken says that a folder is not free for a new run.
var ErrTaken = errors.New("holds a run already")

// NewFolder makes the run folder of c: the named one, which must not hold a run
// yet, or the first free name under runs/. Of processes that ask for one name
// at the same moment one gets it.
func NewFolder(c config.Config) (string, error) {
	if err := checkPlace(c); err != nil {
		return "", err
	}
	dir, err := makeFolder(c)
	if err != nil {
		return "", fmt.Errorf("run folder %w", files.NotWritten(dir, err))
	}
	lock, err := LockRun(dir)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := beginFolder(dir, c); err != nil {
		return "", err
	}
	return dir, nil
}

// checkPlace refuses a run folder among folders of images, where the next command would take it for a class.
func checkPlace(c config.Config) error {
	images, err := os.Stat(c.Data.Path)
	if c.Data.Set != "folder" || err != nil {
		return nil // what is wrong with the data is said elsewhere
	}
	run := c.Run
	if run == "" {
		run = "runs"
	}
	at, err := filepath.Abs(run)
	if err != nil {
		return fmt.Errorf("run folder %w", files.NotWritten(run, err))
	}
	for ; ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, images) {
			return NewConfigError(fmt.Errorf("run folder %s: want one outside %s, which holds the images, since folders in it are classes: name another with --run", files.ShortPath(run), files.ShortPath(c.Data.Path)))
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// makeFolder makes the folder alone. One with a generated name did not exist.
func makeFolder(c config.Config) (dir string, err error) {
	if c.Run != "" {
		return c.Run, os.MkdirAll(c.Run, 0o777)
	}
	base := filepath.Join("runs", fmt.Sprintf("%s-%s-seed%d", c.Data.Set, c.Model.Kind, c.Seed))
	if err := os.MkdirAll(filepath.Dir(base), 0o777); err != nil {
		return base, err
	}
	dir = base
	for n := 2; ; n++ {
		if err = os.Mkdir(dir, 0o777); !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
		dir = fmt.Sprintf("%s.%d", base, n)
	}
}

// beginFolder writes the configuration into a locked folder without a run.
func beginFolder(dir string, c config.Config) error {
	if exists(filepath.Join(dir, ConfigFile)) {
		return fmt.Errorf("run folder %s: %w: name another with --run, or go on with %s", dir, ErrTaken, shell.Command("--resume", shell.Operand(dir)))
	}
	if err := os.Mkdir(filepath.Join(dir, trainer.CheckpointsDir), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("run folder %w", files.NotWritten(dir, err))
	}
	raw, err := c.YAML()
	if err != nil {
		return err
	}
	if err := files.Write(filepath.Join(dir, ConfigFile), raw); err != nil {
		return fmt.Errorf("run folder %w", err)
	}
	return nil
}

// LockRun makes this process the only one that trains in a run folder, which
// must exist.
func LockRun(dir string) (*files.Lock, error) {
	lock, err := files.LockFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("run folder %w", err)
	}
	return lock, nil
}

// noRunError says that a folder holds no run.
type noRunError struct{ error }

// ReadFolder takes the configuration of a run folder. One that is missing, cut or
// not that of the training is refused.
func ReadFolder(dir string) (config.Config, error) {
	c, _, err := readRun(dir)
	return c, err
}

// readRun is ReadFolder with what the folder tells besides.
func readRun(dir string) (config.Config, Known, error) {
	var known Known
	path := filepath.Join(dir, ConfigFile)
	if info, err := os.Stat(dir); err != nil {
		return config.Config{}, known, &noRunError{fmt.Errorf("run folder %s: want a folder made by unwarp train: %w: name another", files.ShortPath(dir), causeOf(err))}
	} else if !info.IsDir() {
		return config.Config{}, known, &noRunError{fmt.Errorf("run folder %s: want a folder made by unwarp train, got a file: name another", files.ShortPath(dir))}
	}
	if !exists(path) {
		err := fmt.Errorf("run folder %s: want a folder made by unwarp train, but there is no %s in it", dir, ConfigFile)
		if exists(filepath.Join(dir, trainer.CheckpointsDir)) {
			return config.Config{}, known, fmt.Errorf("%w beside the %s: restore it", err, trainer.CheckpointsDir)
		}
		return config.Config{}, known, &noRunError{err}
	}
	r, err := config.ReadRecorded(path)
	if err != nil {
		return config.Config{}, known, fmt.Errorf("%w: restore the file", err)
	}
	r.Config.Run = dir
	id, err := readIdentity(dir)
	if err != nil {
		return r.Config, known, err
	}
	if known.ClassNames, err = readClasses(dir); err != nil {
		return r.Config, known, err
	}
	if id == nil {
		return r.Config, known.unchecked(dir), checkOldConfig(dir, r)
	}
	known.Data = &id.Data
	if known.ClassNames, err = id.checkClassNames(dir, known.ClassNames); err != nil {
		return r.Config, known, err
	}
	if known.Images, err = readTrainedImages(dir); err != nil {
		return r.Config, known, err
	}
	known.Remarks, err = id.compareConfig(dir, r)
	return withKeptEncoder(dir, r.Config), known, err
}

// oldKeys are the last keys of the parts of every config.yaml since version 0.1,
// and the first ones: a file that is cut or emptied lacks some.
var oldKeys = []string{"seed", "data.set", "data.memory", "model.kind", "model.reach", "train.batch", "train.average", "attack.images", "attack.eps", "export.inference_only", "export.input"}

// checkOldConfig refuses a cut configuration of a folder that has no identity.
func checkOldConfig(dir string, r config.Recorded) error {
	missing := slices.DeleteFunc(slices.Clone(oldKeys), func(key string) bool { return !slices.Contains(r.Missing, key) })
	if len(missing) > 0 {
		return incomplete(dir, missing, "unwarp config prints the defaults")
	}
	return nil
}

// unchecked remarks that nothing of a folder can be compared.
func (k Known) unchecked(dir string) Known {
	k.Remarks = append(k.Remarks, fmt.Sprintf("%s has no %s, as runs of versions before 0.2: its configuration and data cannot be compared with those of the training", dir, IdentityFile))
	return k
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
	if err := files.Write(path, []byte(strings.Join(names, "\n")+"\n")); err != nil {
		return fmt.Errorf("run folder %s: %s cannot be written: %w: %s", files.ShortPath(dir), ClassesFile, files.Cause(err), files.Advice(err))
	}
	return nil
}

// readClasses reads the names of the classes that the run in dir learnt; nil
// where they have none.
func readClasses(dir string) ([]string, error) {
	raw, err := os.ReadFile(filepath.Join(dir, ClassesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("run folder: %w", files.NotRead(filepath.Join(dir, ClassesFile), err))
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n"), nil
}

// checkClasses refuses a set whose classes have other names than those that the
// model at path learnt: their numbers would mean other classes.
func checkClasses(path string, learnt []string, src pipelines.Source) error {
	names := pipelines.ClassNames(src)
	if names == nil || learnt == nil {
		return nil
	}
	for k := range max(len(learnt), len(names)) {
		want, got := "none", "none"
		if k < len(learnt) {
			want = strconv.Quote(pipelines.ComposeName(learnt[k])) // earlier versions kept the form of data.order
		}
		if k < len(names) {
			got = strconv.Quote(names[k])
		}
		if want != got {
			return &ConfigError{fmt.Errorf("%s: want the classes that the model in %s learnt, class %d %s, got %s: name the classes alike, or give data.path the set of the training", src.Name(), path, k, want, got)}
		}
	}
	return nil
}
