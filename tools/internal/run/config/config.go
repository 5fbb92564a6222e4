// Package config gathers the configuration of a run from defaults, a YAML
// file, the environment, flags and --set, in this order, later ones winning, and
// describes its keys. It may import the libraries, which own the structs, and is
// the only package that imports viper.
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

	"unwarp/graphs"
	"unwarp/graphs/cluster"
	_ "unwarp/graphs/imported" // encoders from files
	"unwarp/graphs/spec"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// Config is everything that a run is determined by. The libraries own the
// parts.
type Config struct {
	// Run is the run folder. "" takes a free name under runs/.
	Run string `mapstructure:"run" yaml:"run"`
	// Seed is the seed of initial weights, order of images, augmentation and
	// dropout. With the same seed a run gives the same weights.
	Seed uint64 `mapstructure:"seed" yaml:"seed"`
	// Device is what computes: auto, cpu or gpu. auto takes a GPU where
	// TensorFlow finds one.
	Device graphs.Device `mapstructure:"device" yaml:"device"`
	// Threads is the number of threads within one TensorFlow op. 0: one per
	// core.
	Threads int `mapstructure:"threads" yaml:"threads" in:"[0,4096]"`
	// Precision is that of training: float32, bfloat16 (products of matrices in
	// bfloat16, all else in float32), or auto, which is bfloat16 where the
	// processor has instructions for it.
	Precision graphs.Precision `mapstructure:"precision" yaml:"precision"`
	// Devices are the devices of this machine that compute replicas of a training:
	// auto (the one of device), gpu:0,gpu:1 (these), or cpu:2 (so many on the
	// processor).
	Devices graphs.Devices `mapstructure:"devices" yaml:"devices"`
	// Workers are the machines that compute in place of this one, host:port,host:port:
	// unwarp worker runs there. "": none.
	Workers cluster.Addresses `mapstructure:"workers" yaml:"workers"`
	// Cluster says what is borne of workers.
	Cluster cluster.Config `mapstructure:"cluster" yaml:"cluster"`

	Data   pipelines.Data `mapstructure:"data" yaml:"data"`
	Model  graphs.Model   `mapstructure:"model" yaml:"model"`
	Train  trainer.Config `mapstructure:"train" yaml:"train"`
	Attack Attack         `mapstructure:"attack" yaml:"attack"`
	Export trainer.Export `mapstructure:"export" yaml:"export"`
}

// Default trains the disentangled classifier on the embedded glyphs, in about
// a minute on two cores.
func Default() Config {
	c := Config{
		Seed: 1, Device: graphs.Auto, Precision: graphs.Float32, Cluster: cluster.DefaultConfig(),
		Data:   pipelines.Data{Set: "glyphs", Seed: 1, Train: 10000, Validation: 1000, Test: 2000},
		Model:  graphs.DefaultModel(),
		Train:  trainer.DefaultConfig(),
		Attack: DefaultAttack(),
		Export: trainer.DefaultExport(),
	}
	c.Train.Duration = trainer.Epochs(8)
	return c
}

// Check refuses values that cannot work, without looking at files.
func (c Config) Check() error {
	if err := spec.CheckRanges("", c); err != nil {
		return err
	}
	if err := checkSet(c.Data); err != nil {
		return err
	}
	if err := c.checkDevices(); err != nil {
		return err
	}
	model, err := c.Model.Build(max(2, c.Data.Classes))
	var unknown *spec.UnknownError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w%s", err, pipelines.DidYouMean(unknown.Got, unknown.Known, "%q"))
	} else if err != nil {
		return err
	}
	if err := c.Train.Check(); err != nil {
		return err
	}
	if err := c.Train.CheckModel(model); err != nil {
		return err
	}
	if err := c.Export.Check(); err != nil {
		return err
	}
	return c.Attack.Check()
}

// checkDevices refuses devices that do not go together.
func (c Config) checkDevices() error {
	o := graphs.Options{Device: c.Device, Precision: c.Precision}
	if err := c.Devices.Configure(&o); err != nil {
		return err
	}
	if n := c.Devices.Len(); n > 1 && c.Workers.Len() > 0 {
		return fmt.Errorf("devices: want auto beside workers, which compute all replicas, got %s: start a worker on this machine too", c.Devices)
	}
	_, err := graphs.SessionOptions(o)
	return err
}

// checkSet refuses a set that does not exist and keys that do not go together.
func checkSet(d pipelines.Data) error {
	if !slices.Contains(pipelines.Sets, d.Set) {
		return fmt.Errorf("data.set: want one of %s, got %q%s", strings.Join(pipelines.Sets, ", "), d.Set, pipelines.DidYouMean(d.Set, pipelines.Sets, "%q"))
	}
	return d.Check()
}

// checkFiles refuses data that are not there. It says which folder was meant,
// since that depends on the working folder.
func checkFiles(d pipelines.Data) error {
	if d.Set == "glyphs" {
		return nil // drawn, not read
	}
	what, give := "the folder of the "+d.Set+" files", "DIR"
	if d.Set == "csv" {
		what, give = "the CSV file that lists the images", "FILE.csv"
	}
	if d.Path == "" {
		return fmt.Errorf("data.path: want %s, got none: give --set data.path=%s", what, give)
	}
	if _, err := os.Stat(d.Path); err != nil {
		here, _ := os.Getwd()
		return fmt.Errorf("data.path: want %s, but %s cannot be read (%w); a relative path is meant from the working folder, here %s: change to another, or give --set data.path=%s", what, d.Path, reason(err), here, give)
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
	tree, err := c.tree()
	if err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

// tree is the configuration under the keys of its YAML form.
func (c Config) tree() (map[string]any, error) {
	raw, err := c.YAML()
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	err = yaml.Unmarshal(raw, &tree)
	return tree, err
}
