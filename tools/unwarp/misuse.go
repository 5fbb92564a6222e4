package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"unwarp/pipelines"
	"unwarp/tools/internal/config"
)

// unknownCommand runs where no command was given, or none of ours.
func unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return usage(fmt.Errorf("unknown command %q: did you mean %q? %s --help lists the commands", args[0], pipelines.Nearest(args[0], names), c.CommandPath()))
}

// unknownFlag names the nearest flag for one that does not exist, and points
// to the help for any other misuse of a flag.
func unknownFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if name := unknown.GetSpecifiedName(); unknown.GetSpecifiedShortnames() == "" {
			if key := configKey(name); key != "" {
				return usage(fmt.Errorf("unknown flag --%s: write --set %s=VALUE for this configuration key", name, key))
			}
			var names []string
			c.Flags().VisitAll(func(f *pflag.Flag) {
				if !f.Hidden {
					names = append(names, f.Name)
				}
			})
			return usage(fmt.Errorf("unknown flag --%s: did you mean --%s? %s --help lists the flags", name, pipelines.Nearest(name, names), c.CommandPath()))
		}
		return usage(fmt.Errorf("%w: %s --help lists the flags", err, c.CommandPath()))
	}
	return usage(errors.New(strings.TrimSuffix(err.Error(), ".")))
}

// configKey is the configuration key that is called name, or ends in it.
func configKey(name string) string {
	for _, key := range config.Keys() {
		if key == name || strings.HasSuffix(key, "."+name) {
			return key
		}
	}
	return ""
}

// noArgs is the argument check of commands that take none.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, got %q", c.CommandPath(), args[0])
	}
	return nil
}

// oneRun is the argument check of commands that take a run folder.
func oneRun(c *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return fmt.Errorf("%s: want a run folder, as unwarp train names it, got none", c.CommandPath())
	case 1:
		return nil
	}
	return fmt.Errorf("%s: want one run folder, got %d arguments: %s: quote a value with spaces", c.CommandPath(), len(args), strings.Join(args, " "))
}
