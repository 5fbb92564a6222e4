package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
)

// unknownCommand runs where no command was given, or an unknown one.
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
	if len(names) == 0 {
		return usage(fmt.Errorf("unknown command %q: %s has no subcommands", args[0], c.CommandPath()))
	}
	meant := pipelines.DidYouMean(args[0], names, "%q")
	if name := synonymOf(c, args[0]); name != "" {
		meant = fmt.Sprintf(": did you mean %q?", name)
	}
	return usage(fmt.Errorf("unknown command %q%s %s --help lists the commands", args[0], orColon(meant), c.CommandPath()))
}

// synonymOf is the subcommand that others call by name, "" for none.
func synonymOf(c *cobra.Command, name string) string {
	for _, sub := range c.Commands() {
		if !sub.Hidden && slices.Contains(sub.SuggestFor, strings.ToLower(name)) {
			return sub.Name()
		}
	}
	return ""
}

// unknownFlag suggests the nearest flag for one that does not exist, and the help
// for other misuses of a flag.
func unknownFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if name := unknown.GetSpecifiedName(); unknown.GetSpecifiedShortnames() == "" {
			if meant := flagFor(c, config.Synonym(name)); meant != "" {
				return usage(fmt.Errorf("unknown flag --%s: did you mean %s? %s --help lists the flags", name, meant, c.CommandPath()))
			}
			if keys := findConfigKeys(name); len(keys) > 0 {
				return usage(fmt.Errorf("unknown flag --%s: configuration keys are set with --set %s=VALUE", name, strings.Join(keys, "=VALUE or --set ")))
			}
			var names []string
			c.Flags().VisitAll(func(f *pflag.Flag) {
				if !f.Hidden {
					names = append(names, f.Name)
				}
			})
			return usage(fmt.Errorf("unknown flag --%s%s %s --help lists the flags", name, orColon(pipelines.DidYouMean(name, names, "--%s")), c.CommandPath()))
		}
		return usage(fmt.Errorf("%w: %s --help lists the flags", err, c.CommandPath()))
	}
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		want := map[string]string{"int": "a whole number", "bool": "true or false"}[value.GetFlag().Value.Type()]
		if want != "" {
			return usage(fmt.Errorf("--%s: want %s, got %q", value.GetFlag().Name, want, value.GetValue()))
		}
		return usage(fmt.Errorf("--%s: %w", value.GetFlag().Name, errors.Unwrap(value)))
	}
	return usage(err)
}

// flagFor is how a command is given a key: by its own flag, or by --set; "" where it
// has no use for it, and for no key.
func flagFor(c *cobra.Command, key string) (flag string) {
	if key == "" || c.Flags().Lookup("set") == nil || strings.HasPrefix(key, "train.") && c.Flags().Lookup("epochs") == nil {
		return ""
	}
	if strings.Contains(key, "=") {
		return "--set " + key
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if strings.Contains(f.Usage, "(configuration: "+key+")") && !f.Hidden {
			flag = "--" + f.Name
		}
	})
	if flag == "" {
		flag = "--set " + key + "=VALUE"
	}
	return flag
}

// orColon is a suggestion, or where there is none the colon before what follows.
func orColon(suggestion string) string {
	if suggestion == "" {
		return ":"
	}
	return suggestion
}

// findConfigKeys returns the configuration keys that are called name, or end in
// it.
func findConfigKeys(name string) []string {
	var keys []string
	for _, key := range config.Keys() {
		if key == name || strings.HasSuffix(key, "."+name) {
			keys = append(keys, key)
		}
	}
	return keys
}

// helpOn prints the help of the command that args name.
func helpOn(c *cobra.Command, args []string) error {
	of, rest, err := c.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return unknownCommand(of, rest)
	}
	of.InitDefaultHelpFlag() // as --help shows it
	return of.Help()
}

// noArgs checks the arguments of commands that take none.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s: want no arguments, got %q", c.Name(), args[0])
	}
	return nil
}

// oneRun checks the arguments of commands that take a run folder.
func oneRun(c *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return fmt.Errorf("%s: want a run folder, as unwarp train names it, got none", c.Name())
	case 1:
		return nil
	}
	return fmt.Errorf("%s: want one run folder, got %d arguments: %s: quote a value with spaces", c.Name(), len(args), strings.Join(args, " "))
}
