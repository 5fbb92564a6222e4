package tflib

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Var is one environment variable.
type Var struct{ Name, Value string }

// Environ is what the go tool and the program that it builds need to use the library: the flags of cgo, before
// the user's own so that no other library wins, and TensorFlow's log level unless it is set. The program needs none of it once built: the
// folder of the library is in its run path.
func (l Library) Environ(ctx context.Context) ([]Var, error) {
	cflags, ldflags := cgoFlags(ctx)
	include, err := quoteFlag("-I" + l.Include)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(l.Dir, ",:\n") {
		return nil, fmt.Errorf("tflib: %s: a comma, colon or line break cannot be in a run path; move the folder, or set %s to another", l.Dir, EnvCache)
	}
	link, err := quoteFlag("-L" + l.Links)
	if err != nil {
		return nil, err
	}
	runpath, err := quoteFlag("-Wl,-rpath," + l.Dir)
	if err != nil {
		return nil, err
	}
	vars := []Var{
		{"CGO_CFLAGS", prepend(include, cflags)},
		{"CGO_LDFLAGS", prepend(link+" "+runpath+onlyNeeded(), ldflags)},
	}
	// Unset, a missing C compiler turns cgo off and the build fails with a riddle; set, the go tool names it.
	for _, d := range []Var{{"CGO_ENABLED", "1"}, {"TF_CPP_MIN_LOG_LEVEL", "2"}} {
		if os.Getenv(d.Name) == "" {
			vars = append(vars, d)
		}
	}
	return vars, nil
}

// onlyNeeded makes the linker leave out a library of which nothing is used: a program that loads TensorFlow
// itself must not be bound to it.
func onlyNeeded() string {
	return map[string]string{"linux": " -Wl,--as-needed", "darwin": " -Wl,-dead_strip_dylibs"}[runtime.GOOS]
}

// cgoFlags asks the go tool for the flags in force: setting a variable replaces its default (-O2 -g) and
// what `go env -w` stored.
func cgoFlags(ctx context.Context) (cflags, ldflags string) {
	out, err := exec.CommandContext(ctx, "go", "env", "CGO_CFLAGS", "CGO_LDFLAGS").Output()
	if lines := strings.Split(string(out), "\n"); err == nil && len(lines) >= 2 {
		return strings.TrimSpace(lines[0]), strings.TrimSpace(lines[1])
	}
	cflags, ldflags = os.Getenv("CGO_CFLAGS"), os.Getenv("CGO_LDFLAGS")
	if cflags == "" {
		cflags = "-O2 -g"
	}
	if ldflags == "" {
		ldflags = "-O2 -g"
	}
	return cflags, ldflags
}

// prepend puts flags first unless they are, so that one tf inside another changes nothing: other flags would
// make the go tool build everything again.
func prepend(more, flags string) string {
	if strings.HasPrefix(flags+" ", more+" ") {
		return flags
	}
	return strings.TrimSpace(more + " " + flags)
}

// quoteFlag writes one flag so that the go tool reads it as one: it splits at spaces, takes '…' or "…" around a
// whole flag, and knows no escapes.
func quoteFlag(flag string) (string, error) {
	switch {
	case !strings.ContainsAny(flag, " \t\r\n'\""):
		return flag, nil
	case !strings.Contains(flag, "'"):
		return "'" + flag + "'", nil
	case !strings.Contains(flag, `"`):
		return `"` + flag + `"`, nil
	}
	return "", fmt.Errorf("tflib: %s: both kinds of quotes in a path cannot be passed to cgo; move the folder, or set %s to another", flag, EnvCache)
}
