package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"unwarp/tools/internal/run/config"
)

type configOptions struct {
	markdown bool
	json     bool
}

func newConfig() *cobra.Command {
	var o configOptions
	var f *configFlags
	c := &cobra.Command{
		Use:        "config [KEY]",
		SuggestFor: []string{"configure", "settings", "options", "keys"},
		Short:      "Print the configuration, or explain its keys",
		Long: `Config prints the configuration as a run would get it: the defaults with the
changes of --preset, --config, the environment, flags and --set. The output is
YAML that --config reads.

With a KEY it explains that key, or all keys below it: its meaning, its default
and its environment variable. --markdown prints a page of all keys.`,
		Example: `  unwarp config
  unwarp config --config tools/configs/mnist-base.yaml --set train.batch=64
  unwarp config --preset robust
  unwarp config train.schedule.warmup
  unwarp config train.optimizer
  unwarp config --markdown`,
		Args: oneKey,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return explainKey(o, args[0], c.OutOrStdout())
			}
			return runConfig(o, f, c.OutOrStdout())
		},
		ValidArgsFunction: completeKeyNames,
	}
	f = newConfigFlags(c, [3]string{"seed", "seed", "`SEED` of weights, order, augmentation and dropout"})
	f.addPreset(c)
	c.Flags().BoolVar(&o.markdown, "markdown", false, "print a page of all keys in Markdown")
	c.Flags().BoolVar(&o.json, "json", false, "print the configuration, or what explains the keys, as JSON")
	return c
}

// oneKey is the argument check of a command that takes a key or nothing.
func oneKey(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%s: want one configuration key, got %d arguments: values are set with --set KEY=VALUE", c.Name(), len(args))
	}
	return nil
}

func completeKeyNames(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return config.Keys(), cobra.ShellCompDirectiveNoFileComp
}

func runConfig(o configOptions, f *configFlags, out io.Writer) error {
	if o.markdown {
		if o.json {
			return usage(errors.New("--markdown and --json exclude each other"))
		}
		text, err := config.Markdown()
		if err != nil {
			return err
		}
		_, err = io.WriteString(out, text)
		return err
	}
	c, err := f.resolve(config.Default())
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(out, c)
	}
	raw, err := c.YAML()
	if err != nil {
		return err
	}
	_, err = out.Write(raw)
	return err
}

func explainKey(o configOptions, name string, out io.Writer) error {
	if o.markdown {
		return usage(errors.New("--markdown prints all keys: leave the key out"))
	}
	keys, err := config.Explain(name)
	if err != nil {
		return usage(err)
	}
	if o.json {
		return writeJSON(out, keys)
	}
	for i, k := range keys {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s\n  %s\n  default      %s\n", k.Name, strings.ReplaceAll(k.Meaning, "`", ""), k.Default)
		if k.Range != "" {
			fmt.Fprintf(out, "  range        %s\n", k.Range)
		}
		fmt.Fprintf(out, "  environment  %s\n", k.Variable())
	}
	return nil
}
