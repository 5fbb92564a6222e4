package policy

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "unwarp"

// Check reads the imports of every non-test file below root, and lists each
// that no rule allows, sorted. A folder of Go code that no rule names is
// reported too.
func Check(root string, rules []Rule) ([]string, error) {
	var faults []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(root, path, d.Name())
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found, err := checkFile(path, filepath.ToSlash(rel), rules)
		faults = append(faults, found...)
		return err
	})
	slices.Sort(faults)
	return faults, err
}

// skip leaves out what the go tool does, and other modules.
func skip(root, path, name string) error {
	if path == root {
		return nil
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	if err == nil || name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	return nil
}

func checkFile(file, rel string, rules []Rule) ([]string, error) {
	rule, ok := ruleFor(path.Dir(rel), rules)
	if !ok {
		return []string{rel + ": no rule for this folder; add it to the table with its reason"}, nil
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if !rule.allows(name, rules) {
			faults = append(faults, fmt.Sprintf("%s imports %s; %s may import %s, because: %s",
				rel, name, rule.Folder, strings.Join(append([]string{"std"}, rule.May...), ", "), rule.Why))
		}
	}
	return faults, nil
}

// ruleFor is the rule that decides about the packages in folder: of those that
// match, the one with the longest name.
func ruleFor(folder string, rules []Rule) (best Rule, ok bool) {
	for _, r := range rules {
		if below(folder, r.Folder) && (!ok || len(r.Folder) > len(best.Folder)) {
			best, ok = r, true
		}
	}
	return best, ok
}

// allows reports whether packages under r may import name.
func (r Rule) allows(name string, rules []Rule) bool {
	if standard(name) {
		return true
	}
	if folder, ours := strings.CutPrefix(name, module+"/"); ours {
		other, ok := ruleFor(folder, rules)
		return ok && (other.Folder == r.Folder || slices.Contains(r.May, other.Folder))
	}
	return slices.ContainsFunc(r.May, func(may string) bool { return below(name, may) })
}

// standard packages, and cgo's "C", have no dot in the first part of their
// path; this module's have its name.
func standard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first != module && !strings.Contains(first, ".")
}

func below(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }
