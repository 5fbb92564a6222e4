package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/pipelines"
	"unwarp/tools/configs"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/photos"
)

// addPreset adds --preset, a built-in configuration below all else that is given.
func (f *configFlags) addPreset(c *cobra.Command) {
	c.Flags().StringVar(&f.preset, "preset", "", "built-in configuration `NAME`, such as robust, or none where --data would take photos; --config, the environment and flags go before it")
	c.Long += "\n\nPresets are the files of tools/configs, built into the program:\n  " + strings.Join(configs.Names(), "\n  ")
	names := append([]string{noPreset}, configs.Names()...)
	completeFlag(c, "preset", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	f.presets = true
}

// noPreset is --preset for images in folders that are to be trained on with the plain
// defaults.
const noPreset = "none"

// presetName is what --preset says; without it, photos where --data names image files and
// no configuration is given.
func (f *configFlags) presetName() string {
	if f.preset != "" || !f.presets || f.file != "" {
		return f.preset
	}
	data := f.from.Lookup("data")
	if data == nil {
		return ""
	}
	if path, ok := data.Value.(*dataPath); ok && (path.set == "folder" || path.set == "csv") {
		return photos.Preset
	}
	return ""
}

// withPreset is base with the changes of --preset.
func (f *configFlags) withPreset(base config.Config) (config.Config, error) {
	name := f.presetName()
	if name == "" || name == noPreset {
		return base, nil
	}
	names := configs.Names()
	if !slices.Contains(names, name) {
		return base, fmt.Errorf("--preset: want one of %s and others, got %q: did you mean %q? --help lists all", names[0], name, pipelines.Nearest(name, names))
	}
	raw, err := configs.Read(name)
	if err != nil {
		return base, err
	}
	c, err := config.Resolve(base, config.Source{File: name + ".yaml (built in)", Text: raw})
	if err != nil {
		return base, fmt.Errorf("--preset: %w", err)
	}
	if name == photos.Preset {
		c, err = f.fitPhotos(c)
	}
	return c, err
}

// fitPhotos fits the preset to the images, where what is given names some.
func (f *configFlags) fitPhotos(base config.Config) (config.Config, error) {
	c, err := config.Resolve(base, f.given())
	if err != nil {
		return base, err
	}
	if c.Data.Path == "" || c.Data.Set != "folder" && c.Data.Set != "csv" {
		return base, nil
	}
	if _, err := os.Stat(c.Data.Path); err != nil {
		return base, nil // whoever opens the data says so
	}
	keys, err := config.Given(base, f.given())
	if err != nil {
		return base, err
	}
	fitted, err := photos.Fit(base, c, func(key string) bool { return slices.Contains(keys, key) })
	if err != nil {
		return base, filesError{err}
	}
	f.remark = fitted.Describe
	return fitted.Config, nil
}

// errPresetResumed refuses a preset for a run that has its configuration.
var errPresetResumed = errors.New("--preset and --resume exclude each other: a run that is resumed has its configuration")

// filesError says what is wrong with files, not with the flag that names them.
type filesError struct{ error }

func (e filesError) Unwrap() error { return e.error }

// usageOfPreset is an error of a preset as one of flags, unless files are to blame.
func usageOfPreset(err error) error {
	if errors.As(err, new(filesError)) {
		return err
	}
	return usage(err)
}
