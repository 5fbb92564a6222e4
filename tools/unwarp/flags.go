package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// configFlags are the flags that make up a configuration.
type configFlags struct {
	file string
	set  []string
	keys map[string]string // flag name -> configuration key
	from *pflag.FlagSet
}

// newConfigFlags adds --config, --set and a flag for each of the keys given as
// name, key, help.
func newConfigFlags(c *cobra.Command, keys ...[3]string) *configFlags {
	f := &configFlags{keys: map[string]string{}, from: c.Flags()}
	c.Flags().StringVarP(&f.file, "config", "c", "", "YAML file with configuration `FILE`")
	c.Flags().StringArrayVar(&f.set, "set", nil, "set any configuration key, `KEY=VALUE`; may be repeated")
	for _, k := range keys {
		f.keys[k[0]] = k[1]
		c.Flags().String(k[0], "", k[2]+" (configuration: "+k[1]+")")
	}
	return f
}

// load gathers the configuration on top of base.
func (f *configFlags) load(base config.Config) (config.Config, error) {
	src := config.Source{File: f.file, Set: f.set}
	f.from.Visit(func(flag *pflag.Flag) { // those given, sorted by name
		if key, ok := f.keys[flag.Name]; ok {
			src.Flag = append(src.Flag, config.Flag{Name: flag.Name, Key: key, Value: flag.Value.String()})
		}
	})
	c, err := config.Load(base, src)
	return c, usage(err)
}

// runFlags choose a trained model.
type runFlags struct {
	*configFlags
	checkpoint string
	attacks    []string // instead of the configured ones
	sources    []string // instead of the configured ones
	exhaustive bool
}

func newRunFlags(c *cobra.Command, keys ...[3]string) *runFlags {
	f := &runFlags{configFlags: newConfigFlags(c, keys...)}
	c.Flags().StringVar(&f.checkpoint, "checkpoint", trainer.Last, "`WHICH` checkpoint of the run: last or best")
	return f
}

// readModel takes the configuration of a run folder, or what an export says of
// itself and the run folder around it, if there is one, of the data.
func readModel(dir string) (config.Config, error) {
	if !experiment.IsExport(dir) {
		return experiment.ReadFolder(dir)
	}
	info, err := trainer.ReadExport(dir)
	if err != nil {
		return config.Config{}, err
	}
	c, err := experiment.ReadFolder(filepath.Dir(filepath.Clean(dir)))
	if err != nil {
		c = config.Default()
	}
	c.Model, c.Train.Objective, c.Train.Average = info.Model, info.Objective, 0
	if c.Train.Augment, err = pipelines.ParseAugment(info.Prepare); err != nil {
		return c, fmt.Errorf("export %s: %w", dir, err)
	}
	return c, nil
}

// open builds the graph of the run or export in dir, with the flags' changes to its
// configuration, and restores the checkpoint.
func (f *runFlags) open(ctx context.Context, dir string) (*experiment.Experiment, trainer.State, error) {
	var st trainer.State
	if f.checkpoint != trainer.Last && f.checkpoint != trainer.Best {
		return nil, st, usage(fmt.Errorf("--checkpoint: want last or best, got %q", f.checkpoint))
	}
	base, err := readModel(dir)
	if err != nil {
		return nil, st, usage(err)
	}
	if len(f.attacks) > 0 {
		base.Attack.Attacks = f.attacks
	}
	if len(f.sources) > 0 {
		base.Attack.Sources = f.sources
	}
	base.Attack.Exhaustive = base.Attack.Exhaustive || f.exhaustive
	c, err := f.load(base)
	if err != nil {
		return nil, st, err
	}
	x, err := experiment.Open(ctx, c)
	if err != nil {
		return nil, st, err
	}
	if experiment.IsExport(dir) {
		err = x.Plan.RestoreExport(x.Net, dir)
	} else {
		st, err = x.Restore(dir, f.checkpoint)
	}
	if err != nil {
		x.Close()
		var m *trainer.MismatchError
		if errors.As(err, &m) {
			err = fmt.Errorf("%w (the images are %v, of %d classes)", err, x.Plan.Shape, x.Plan.Model.Classes)
		}
		return nil, st, err
	}
	return x, st, nil
}

// writeJSON prints v for machines.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
