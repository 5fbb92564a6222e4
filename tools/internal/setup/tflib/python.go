package tflib

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// askPython prints the folder of the installed tensorflow package. It must not import it, which takes seconds,
// nor find a folder of that name in the current directory.
const askPython = `import importlib.util, sys
sys.path = [p for p in sys.path if p]
s = importlib.util.find_spec("tensorflow")
print(s.submodule_search_locations[0] if s and s.origin and s.submodule_search_locations else "")`

// pythonPlaces lists the tensorflow packages of the interpreters and of the usual folders, each once.
func (c Config) pythonPlaces(ctx context.Context) []place {
	var places []place
	var seen []string
	add := func(pkg string) {
		if real, err := filepath.EvalSymlinks(pkg); err == nil && !slices.Contains(seen, real) {
			seen = append(seen, real)
			places = append(places, place{Tried{FromPython, pkg, ""}, pkg, filepath.Join(pkg, "include")})
		}
	}
	for _, python := range c.Pythons {
		pkg, why := pythonPackage(ctx, python)
		if why != "" {
			places = append(places, place{Tried: Tried{FromPython, python, why}})
			continue
		}
		add(pkg)
	}
	for _, pattern := range c.Packages {
		matches, _ := filepath.Glob(pattern)
		for _, pkg := range matches {
			add(pkg)
		}
	}
	return places
}

// pythonPackage asks one interpreter. why says what stood in the way of an answer.
func pythonPackage(ctx context.Context, python string) (pkg, why string) {
	path, err := exec.LookPath(python)
	if err != nil {
		return "", "is not on PATH"
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-c", askPython).Output()
	if err != nil {
		return "", "asked for its tensorflow: " + err.Error()
	}
	if pkg = strings.TrimSpace(string(out)); pkg == "" {
		return "", "has no tensorflow"
	}
	return pkg, ""
}
