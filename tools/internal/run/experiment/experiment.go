// Package experiment puts the libraries together as a configuration says: data,
// graph with all its passes, attacks, the run folder.
package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/quiet"
	"unwarp/trainer"
)

// Experiment is a configuration come alive.
type Experiment struct {
	Config config.Config
	Data   pipelines.Splits
	Plan   *trainer.Plan
	Net    *graphs.Net
	// Teacher is what train.teacher names, of an experiment that trains.
	Teacher *trainer.Teacher
	taught  *Experiment // that the teacher computes with
}

// Train builds the graph for training and evaluation. The experiment's
// configuration is c with what the training set had to tell: model.mean and
// model.std.
func Train(ctx context.Context, c config.Config) (*Experiment, error) {
	x, err := build(ctx, c, true)
	if err != nil || c.Train.Teacher == "" {
		return x, err
	}
	if err := x.openTeacher(ctx); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// ConfigError is an error that another configuration would mend, found only
// with the data at hand.
type ConfigError struct{ error }

// Unwrap is the error itself.
func (e *ConfigError) Unwrap() error { return e.error }

// Open builds the graph for evaluation. Images of classes with other names than
// those that the run in c.Run learnt are refused, by a [ConfigError].
func Open(ctx context.Context, c config.Config) (*Experiment, error) {
	return build(ctx, c, false)
}

func build(ctx context.Context, c config.Config, training bool) (*Experiment, error) {
	data, err := OpenData(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	if !training && c.Run != "" {
		if err := checkClasses(c.Run, data.Train); err != nil {
			return nil, err
		}
	}
	return assemble(ctx, c, data, training)
}

// assemble is build with the data at hand.
func assemble(ctx context.Context, c config.Config, data pipelines.Splits, training bool) (*Experiment, error) {
	x := &Experiment{Data: data}
	var err error
	declare := trainer.DeclareInference
	if training {
		declare = trainer.Declare
		if c.Model, err = withMoments(ctx, c.Model, x.Data.Train); err != nil {
			return nil, err
		}
	}
	x.Config = c
	model, err := c.Model.Build(x.Data.Train.Classes())
	if err != nil {
		return nil, &ConfigError{err}
	}
	shape, err := c.Train.Augment.Eval().Out(x.Data.Train.Shape())
	if err != nil {
		return nil, &ConfigError{fmt.Errorf("train.augment: %w", err)}
	}
	o := graphs.Options{Seed: c.Seed, Device: c.Device, Threads: c.Threads, Precision: c.Precision, First: quiet.During}
	x.Net, err = graphs.Build(o, func(b *graphs.Builder) error {
		x.Plan, err = declare(b, c.Train, model, shape)
		return err
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}

// Restore reads the weights of the run in dir; pointer is last or best.
func (x *Experiment) Restore(dir, pointer string) (trainer.State, error) {
	return trainer.Checkpoints{Dir: filepath.Join(dir, trainer.CheckpointsDir)}.Load(x.Plan, x.Net, pointer)
}

// Close releases the session, and that of the teacher.
func (x *Experiment) Close() error {
	err := x.Net.Close()
	if x.taught != nil {
		err = errors.Join(err, x.taught.Close())
	}
	return err
}

// Identity is a hash of everything that determines the training: a resumed run
// must have the same. Where the data lie does not count, only what they are.
func (x *Experiment) Identity() (string, error) {
	c := x.Config
	data, err := Fingerprint(x.Data.Train)
	if err != nil {
		return "", err
	}
	teacher := ""
	if x.Teacher != nil {
		if teacher, err = x.Teacher.Identity(); err != nil {
			return "", err
		}
	}
	// Workers change nothing but the speed; of a teacher the weights count.
	c.Data.Path, c.Train.Workers, c.Train.Teacher = "", 0, ""
	raw, err := yaml.Marshal(struct {
		Seed      uint64
		Precision graphs.Precision
		Data      pipelines.Data
		Model     graphs.Model
		Train     trainer.Config
		Sizes     [2]int
		Print     string
		Teacher   string
	}{c.Seed, x.Net.Precision, c.Data, c.Model, c.Train, [2]int{x.Data.Train.Len(), x.Data.Test.Len()}, data, teacher})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

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
