package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/pipelines"
	"unwarp/tools/configs"
	"unwarp/tools/internal/run/config"
)

// addPreset adds --preset, a built-in configuration below all else that is given.
func (f *configFlags) addPreset(c *cobra.Command) {
	c.Flags().StringVar(&f.preset, "preset", "", "built-in configuration `NAME`, such as robust; --config, the environment and flags go before it")
	c.Long += "\n\nPresets are the files of tools/configs, built into the program:\n  " + strings.Join(configs.Names(), "\n  ")
	completeFlag(c, "preset", cobra.FixedCompletions(configs.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// withPreset is base with the changes of --preset.
func (f *configFlags) withPreset(base config.Config) (config.Config, error) {
	if f.preset == "" {
		return base, nil
	}
	names := configs.Names()
	if !slices.Contains(names, f.preset) {
		return base, fmt.Errorf("--preset: want one of %s and others, got %q: did you mean %q? --help lists all", names[0], f.preset, pipelines.Nearest(f.preset, names))
	}
	raw, err := configs.Read(f.preset)
	if err != nil {
		return base, err
	}
	c, err := config.Resolve(base, config.Source{File: f.preset + ".yaml (built in)", Text: raw})
	if err != nil {
		return base, fmt.Errorf("--preset: %w", err)
	}
	return c, nil
}

// errPresetResumed refuses a preset for a run that has its configuration.
var errPresetResumed = errors.New("--preset and --resume exclude each other: a run that is resumed has its configuration")
