package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// configFlags are the flags that make up a configuration.
type configFlags struct {
	file   string
	preset string
	set    []string
	keys   map[string]string // flag name -> configuration key
	from   *pflag.FlagSet

	fileOptions map[string]*string // option of model.encoder -> what its flag says

	presets bool                       // --preset is a flag
	remark  func(config.Config) string // on what a preset was fitted to; nil for none
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
	base, err := f.withPreset(base)
	if err != nil {
		return base, usageOfPreset(err)
	}
	c, err := config.Load(base, f.given())
	return c, usage(err)
}

// resolve is load without a look at the data.
func (f *configFlags) resolve(base config.Config) (config.Config, error) {
	base, err := f.withPreset(base)
	if err != nil {
		return base, usageOfPreset(err)
	}
	c, err := config.Resolve(base, f.given())
	return c, usage(err)
}

// given is what the flags say.
func (f *configFlags) given() config.Source {
	src := config.Source{File: f.file, Set: f.set}
	f.from.Visit(func(flag *pflag.Flag) { // those given, sorted by name
		if key, ok := f.keys[flag.Name]; ok {
			src.Flag = append(src.Flag, config.Flag{Name: flag.Name, Key: key, Value: flag.Value.String()})
			if v, ok := flag.Value.(moreKeys); ok {
				src.Flag = append(src.Flag, v.more()...)
			}
		}
	})
	return src
}

// runFlags choose a trained model.
type runFlags struct {
	*configFlags
	checkpoint string
	assumed    []string // key=value of a model from elsewhere, where nothing else says it
	attacks    []string // instead of the configured ones
	threats    []string // instead of the configured one; keys are checked for the first
	sources    []string // instead of the configured ones
	require    []string // instead of the configured ones
	exhaustive bool
	otherData  bool // images other than those of the training's set are meant
	trainedToo bool // and those that were trained on
}

func newRunFlags(c *cobra.Command, keys ...[3]string) *runFlags {
	f := &runFlags{configFlags: newConfigFlags(c, keys...)}
	c.Flags().StringVar(&f.checkpoint, "checkpoint", "", "`WHICH` checkpoint of the run: last or best; default best where validation images have chosen one, else last")
	c.Flags().BoolVar(&f.otherData, "other-data", false, "take images other than those of the training's data set; of files elsewhere without a test part all")
	c.Flags().BoolVar(&f.trainedToo, "allow-trained", false, "with --other-data, take images that were trained on too")
	return f
}

// source opens the trained model at path, and gathers its configuration with
// the flags' changes. What there is to remark about the model goes to log.
func (f *runFlags) source(path string, log io.Writer) (experiment.Source, config.Config, error) {
	return f.openSource(path, log, "", f.load)
}

// model is source without a look at the data.
func (f *runFlags) model(path string, log io.Writer) (experiment.Source, config.Config, error) {
	return f.openSource(path, log, "folder", f.resolve)
}

// openSource opens the model at path. set is the data set that a model from elsewhere
// is configured with, "" where the flags must name one.
func (f *runFlags) openSource(path string, log io.Writer, set string, gather func(base config.Config) (config.Config, error)) (experiment.Source, config.Config, error) {
	if f.checkpoint != "" && f.checkpoint != trainer.Last && f.checkpoint != trainer.Best {
		return nil, config.Config{}, usage(fmt.Errorf("--checkpoint: want last or best, got %q", f.checkpoint))
	}
	src, err := experiment.OpenSource(path, f.checkpoint)
	if err != nil {
		return nil, config.Config{}, usage(err)
	}
	f.checkpoint = src.Checkpoint()
	for _, remark := range src.Known().Remarks {
		fmt.Fprintln(log, remark)
	}
	base := src.Config()
	if len(f.attacks) > 0 {
		base.Attack.Attacks = f.attacks
	}
	if len(f.threats) > 0 {
		base.Attack.Threat = f.threats[0]
	}
	if len(f.sources) > 0 {
		base.Attack.Sources = f.sources
	}
	if len(f.require) > 0 {
		base.Attack.Require = f.require
	}
	base.Attack.Exhaustive = base.Attack.Exhaustive || f.exhaustive
	if experiment.IsForeign(src) {
		base.Data.Set = set
		if base, err = config.Resolve(base, config.Source{Set: f.assumed}); err != nil && len(f.assumed) > 0 {
			return nil, config.Config{}, usage(err)
		}
	}
	if base, err = f.withFileOptions(base); err != nil {
		return nil, config.Config{}, err
	}
	if err := f.checkPlace(); err != nil {
		return nil, config.Config{}, usage(err)
	}
	if base, err = f.forOtherData(base, src.Known().ClassNames); err != nil {
		return nil, config.Config{}, err
	}
	c, err := gather(base)
	if err != nil && strings.HasPrefix(err.Error(), "data.set: want one of") && base.Data.Set == "" && experiment.IsForeign(src) {
		return src, c, usage(fmt.Errorf("%s: want images for this model, got none: name a folder with a folder for each class, an .npz file or the files of a set with --data PATH", path))
	}
	if err != nil && base.Data.Set == "" && !experiment.IsForeign(src) {
		err = usage(fmt.Errorf("%s does not say what data it was trained with, as exports of versions before 0.2: name them with --set data.set=SET, --set data.path=DIR and what else chooses the images", path))
	}
	return src, c, err
}

// checkPlace refuses keys that say where to compute and that the command does not
// read.
func (f *runFlags) checkPlace() error {
	for _, kv := range f.set {
		key, _, _ := strings.Cut(kv, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		_, hasWorkers := f.keys["workers"]
		switch {
		case key == "workers" && !hasWorkers:
			return fmt.Errorf("--set %s: this command computes on this machine: leave workers out (train and attack have them)", kv)
		case key == "devices":
			return fmt.Errorf("--set %s: this command computes on one device, which --set device=gpu or cpu chooses: leave devices out (train has them)", kv)
		}
	}
	return nil
}

// subject opens the trained model at path, with the flags' changes to its
// configuration, and its data.
func (f *runFlags) subject(ctx context.Context, path string, log io.Writer) (*experiment.Subject, error) {
	src, c, err := f.source(path, log)
	if err != nil {
		return nil, err
	}
	s, err := experiment.OpenSubject(ctx, src, c)
	if err != nil {
		return nil, err
	}
	for _, remark := range s.Remarks {
		fmt.Fprintln(log, remark)
	}
	s.OtherData, s.AllowTrained = f.otherData, f.trainedToo
	return s, nil
}

// open builds the graph of the trained model at path, with the flags' changes
// to its configuration, and restores its weights.
func (f *runFlags) open(ctx context.Context, path string, log io.Writer) (*experiment.Experiment, trainer.State, error) {
	s, err := f.subject(ctx, path, log)
	if err != nil {
		return nil, trainer.State{}, err
	}
	return s.Open()
}

// resultsFolder is the folder for what a command finds out about the trained
// model at path; want says what to name where the model takes no files.
func resultsFolder(command, path, want string) (string, error) {
	src, err := experiment.OpenSource(path, trainer.Last)
	if err != nil {
		return "", usage(err)
	}
	if src.Results() == "" {
		return "", noResults(command, path, want)
	}
	return src.Results(), nil
}

// noResults refuses to write beside a model; want says what to name instead.
func noResults(command, path, want string) error {
	return usage(fmt.Errorf("%s %s: nothing is written into an export: name %s", command, path, want))
}

// writeJSON prints v for machines, so that it is safe on a terminal too.
func writeJSON(w io.Writer, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(printable.JSON(raw), '\n'))
	return err
}
