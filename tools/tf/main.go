// Command tf finds or fetches the TensorFlow C library, then runs the command it is given with the environment
// that builds and runs programs against it. It is pure Go, since it runs before the library is there, and imports
// tflib only.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"unwarp/tools/internal/setup/signals"
	"unwarp/tools/internal/setup/tflib"
	"unwarp/tools/internal/shell"
)

const help = `tf finds or fetches the TensorFlow C library, then runs a command with it.

usage:
  go run ./tools/tf COMMAND [ARGUMENT…]   run the command
  go run ./tools/tf env [--json]          print the environment for a POSIX shell, or as JSON
  go run ./tools/tf where [--verify]      print what was found where and why the rest was skipped; fetch nothing
  go run ./tools/tf -- env …              run a command that is called env, where or help

examples:
  go run ./tools/tf go test ./...
  go run ./tools/tf go build -o unwarp ./tools/unwarp   # ./unwarp then runs without tf
  eval "$(go run ./tools/tf env)" && go vet ./...

It looks, in this order, at
  1. $UNWARP_TENSORFLOW: a folder with the library, a prefix with lib/ and include/, or a Python tensorflow package
  2. the project's cache: $UNWARP_CACHE, else unwarp/ in the user's cache folder
  3. a Python TensorFlow that is installed already
  4. the usual library folders
and else takes TensorFlow ` + tflib.Version + ` with pip (download only, pinned by SHA-256, 230 MB to fetch, 690 MB to keep).
Only TensorFlow ` + tflib.Series + ` fits.

The command gets CGO_CFLAGS and CGO_LDFLAGS (before yours), CGO_ENABLED=1 and TF_CPP_MIN_LOG_LEVEL=2 (unless set).

exit codes: the command's own; from tf itself 1 no library, 2 wrong usage, 126 the command cannot be run,
127 there is no such command, 130 interrupted. go run reports every failure as 1: build tf to see the others.
`

// The exit codes of tf itself.
const (
	failed      = 1
	usage       = 2
	cannotRun   = 126
	noCommand   = 127
	interrupted = 130
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stdout, help)
		return 0
	}
	ctx, stop := signals.Context(context.Background())
	defer stop()
	var err error
	switch word := args[0]; {
	case word == "help" || word == "--help" || word == "-h" || word == "-help":
		fmt.Fprint(stdout, help)
		return 0
	case word == "where":
		err = where(ctx, args[1:], stdout, stderr)
	case word == "env":
		err = env(ctx, args[1:], stdout, stderr)
	case word == "--" && len(args) > 1:
		err = command(ctx, stop, args[1:], stderr)
	case strings.HasPrefix(word, "-"):
		err = usageError("want a command, got the flag " + word)
	default:
		err = command(ctx, stop, args, stderr)
	}
	return report(err, stderr)
}

type usageError string

func (e usageError) Error() string { return string(e) + "; see go run ./tools/tf help" }

func report(err error, stderr io.Writer) int {
	var misuse usageError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "tf: interrupted; nothing is left behind, run again to start over")
		return interrupted
	}
	fmt.Fprintln(stderr, "tf:", strings.TrimPrefix(err.Error(), "tflib: "))
	switch {
	case errors.As(err, &misuse):
		return usage
	case errors.Is(err, exec.ErrNotFound):
		return noCommand
	case errors.Is(err, errCannotRun):
		return cannotRun
	}
	return failed
}

var errCannotRun = errors.New("cannot be run")

// command becomes args, which must not be empty. It returns only if it cannot.
func command(ctx context.Context, stop func(), args []string, stderr io.Writer) error {
	path, err := exec.LookPath(args[0])
	if errors.Is(err, exec.ErrNotFound) {
		return err
	} else if err != nil {
		return fmt.Errorf("%s %w: %w", args[0], errCannotRun, err)
	}
	vars, err := environ(ctx, stderr)
	if err != nil {
		return err
	}
	for _, v := range vars {
		os.Setenv(v.Name, v.Value)
	}
	stop() // the command starts with the signals' default actions
	return fmt.Errorf("%s %w: %w", path, errCannotRun, tflib.Exec(path, args, os.Environ()))
}

func environ(ctx context.Context, stderr io.Writer) ([]tflib.Var, error) {
	c, err := tflib.Default(stderr)
	if err != nil {
		return nil, err
	}
	lib, err := c.Ensure(ctx)
	if err != nil {
		return nil, err
	}
	return lib.Environ(ctx)
}

// env prints the environment. It alone goes to stdout, so that a shell can evaluate it.
func env(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("env", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print a JSON object")
	if err := parse(flags, args); err != nil {
		return err
	}
	vars, err := environ(ctx, stderr)
	if err != nil {
		return err
	}
	if *asJSON {
		object := map[string]string{}
		for _, v := range vars {
			object[v.Name] = v.Value
		}
		return writeJSON(stdout, object)
	}
	for _, v := range vars {
		if _, err := fmt.Fprintf(stdout, "export %s=%s\n", v.Name, shell.Command(v.Value)); err != nil {
			return err
		}
	}
	return nil
}

// where prints the search and fetches nothing.
func where(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("where", flag.ContinueOnError)
	flags.SetOutput(stderr)
	verify := flags.Bool("verify", false, "compare the SHA-256 of every file in the cache too")
	if err := parse(flags, args); err != nil {
		return err
	}
	c, err := tflib.Default(stderr)
	if err != nil {
		return err
	}
	lib, tried, err := c.Find(ctx)
	for _, t := range tried {
		if t.Reason == "" {
			fmt.Fprintf(stdout, "%-8s %s: taken\n", t.Source, t.Path)
		} else {
			fmt.Fprintf(stdout, "%-8s %s: skipped: %s\n", t.Source, t.Path, t.Reason)
		}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "version  %s\nlibrary  %s\ninclude  %s\nlinks    %s\n", orUnknown(lib.Version), lib.Dir, lib.Include, lib.Links)
	if *verify {
		return lib.Verify(ctx)
	}
	return nil
}

func orUnknown(version string) string {
	if version == "" {
		return "unknown"
	}
	return version
}

func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return usageError(flags.Name() + ": " + err.Error())
	}
	if flags.NArg() > 0 {
		return usageError(fmt.Sprintf("%s: takes no argument, got %q (to run a command of that name: tf -- %s …)", flags.Name(), flags.Arg(0), flags.Name()))
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
