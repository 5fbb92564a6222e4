// Package config gathers the configuration of a run from defaults, a YAML
// file, the environment, flags and --set, in this order, later ones winning.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// Config is everything that a run is determined by. The libraries own the
// parts.
type Config struct {
	// Run is the run folder; "" picks a free name under runs/.
	Run string `mapstructure:"run" yaml:"run"`
	// Seed keys initial weights, order of images, augmentation and dropout.
	Seed uint64 `mapstructure:"seed" yaml:"seed"`
	// Device is auto, cpu or gpu.
	Device graphs.Device `mapstructure:"device" yaml:"device"`
	// Threads within one op; 0 takes all cores.
	Threads int `mapstructure:"threads" yaml:"threads"`

	Data   pipelines.Data `mapstructure:"data" yaml:"data"`
	Model  graphs.Model   `mapstructure:"model" yaml:"model"`
	Train  trainer.Config `mapstructure:"train" yaml:"train"`
	Attack Attack         `mapstructure:"attack" yaml:"attack"`
	Export trainer.Export `mapstructure:"export" yaml:"export"`
}

// Attack says what to attack, and how.
type Attack struct {
	// Images are the first n test images; 0 takes all.
	Images int `mapstructure:"images" yaml:"images"`
	// Batch is the number of images attacked at once.
	Batch int `mapstructure:"batch" yaml:"batch"`
	// Norm is linf or l2.
	Norm attacks.Norm `mapstructure:"norm" yaml:"norm"`
	// Eps lists radii in units of images in [0,1], separated by spaces.
	Eps string `mapstructure:"eps" yaml:"eps"`
	// Attacks are written as attacks.Parse reads them.
	Attacks []string `mapstructure:"attacks" yaml:"attacks"`
}

// Options parses the attacks.
func (a Attack) Options() (attacks.Options, error) {
	o := attacks.Options{Batch: a.Batch}
	eps, err := attacks.ParseRadii(a.Eps)
	if err != nil {
		return o, fmt.Errorf("attack.%w", err)
	}
	o.Eps = eps
	if a.Batch < 1 {
		return o, fmt.Errorf("attack.batch: want at least 1, got %d", a.Batch)
	}
	if a.Norm != attacks.Linf && a.Norm != attacks.L2 {
		return o, fmt.Errorf("attack.norm: want %s or %s, got %q", attacks.Linf, attacks.L2, a.Norm)
	}
	if a.Images < 0 {
		return o, fmt.Errorf("attack.images: want 0 (all) or more, got %d", a.Images)
	}
	for _, text := range a.Attacks {
		k, err := attacks.Parse(text)
		if err != nil {
			return o, fmt.Errorf("attack.attacks: %w", err)
		}
		o.Attacks = append(o.Attacks, k)
	}
	return o, nil
}

// Default trains the disentangled classifier on the embedded glyphs, in about
// a minute on two cores.
func Default() Config {
	c := Config{
		Seed: 1, Device: graphs.Auto,
		Data:  pipelines.Data{Set: "glyphs", Seed: 1, Train: 10000, Validation: 1000, Test: 2000, Size: 28},
		Model: graphs.DefaultModel(),
		Train: trainer.DefaultConfig(),
		Attack: Attack{
			Images: 1000, Batch: 250, Norm: attacks.Linf, Eps: ".1 .2 .3 .4 .5",
			Attacks: []string{"random", "fgsm", "fgsm(loss=training)", "bim(preset=split,steps=10)"},
		},
		Export: trainer.DefaultExport(),
	}
	c.Train.Duration = trainer.Epochs(8)
	return c
}

// Check refuses values that cannot work before anything is opened.
func (c Config) Check() error {
	if c.Threads < 0 {
		return fmt.Errorf("threads: want 0 (all cores) or more, got %d", c.Threads)
	}
	if err := checkData(c.Data); err != nil {
		return err
	}
	if _, err := graphs.SessionOptions(graphs.Options{Device: c.Device}); err != nil {
		return err
	}
	if _, err := c.Model.Build(max(2, c.Data.Classes)); err != nil {
		return err
	}
	if err := c.Train.Check(); err != nil {
		return err
	}
	if err := c.Export.Check(); err != nil {
		return err
	}
	_, err := c.Attack.Options()
	return err
}

// checkData refuses a set that does not exist. Of a folder that is not there it
// says which one was meant, since that depends on the working folder.
func checkData(d pipelines.Data) error {
	if !slices.Contains(pipelines.Sets, d.Set) {
		return fmt.Errorf("data.set: want one of %s, got %q: did you mean %q?", strings.Join(pipelines.Sets, ", "), d.Set, pipelines.Nearest(d.Set, pipelines.Sets))
	}
	if d.Set == "glyphs" {
		return nil // drawn, not read
	}
	if d.Path == "" {
		return fmt.Errorf("data.path: want the folder of the %s files, got none: give --set data.path=DIR", d.Set)
	}
	if _, err := os.Stat(d.Path); err != nil {
		here, _ := os.Getwd()
		return fmt.Errorf("data.path: want the folder of the %s files, but %s cannot be read (%w); a relative path is meant from the working folder, here %s: change to another, or give --set data.path=DIR", d.Set, d.Path, reason(err), here)
	}
	return nil
}

// reason is err without the path that the message names already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// YAML is the configuration as a file.
func (c Config) YAML() ([]byte, error) { return yaml.Marshal(c) }

// MarshalJSON writes the configuration under the keys of its YAML form.
func (c Config) MarshalJSON() ([]byte, error) {
	raw, err := c.YAML()
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}
