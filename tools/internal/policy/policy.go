package policy

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Rule says what the packages in one folder of the module, and below it, may import besides the standard library.
type Rule struct {
	Folder string
	May    []string // import paths; what is below one of them is included
	Why    string
}

const (
	module   = "unwarp"
	graft    = "github.com/wamuir/graft"
	protobuf = "google.golang.org/protobuf"
	image    = "golang.org/x/image"
	cpu      = "golang.org/x/sys/cpu"
)

// Rules is the architecture. A package may always import the packages of its own folder. protobuf is the way to
// hand graft the messages that it declares: a session's options, a SavedModel; cpu tells whether the processor
// multiplies bfloat16.
var Rules = []Rule{
	{"graphs", []string{graft, protobuf, cpu}, "the mathematics is readable and testable without data, files or command line"},
	{"pipelines", []string{image}, "data is pure Go: its tests run where TensorFlow is not"},
	{"attacks", []string{graft, module + "/graphs"}, "an attack sees a victim in a graph, not how it was trained nor where its images come from"},
	{"trainer", []string{graft, protobuf, module + "/graphs", module + "/pipelines"}, "adversarial training asks for one method that an attack happens to satisfy"},
	{"tools", []string{"*"}, "everything a person starts: the only place for viper, cobra, mapstructure and progress bars"},
}

// Check reads the imports of every non-test file below root, and lists each that no rule allows, sorted.
// A folder of Go code that no rule names is reported too.
func Check(root string, rules []Rule) ([]string, error) {
	var broken []string
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
		broken = append(broken, found...)
		return err
	})
	slices.Sort(broken)
	return broken, err
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

func checkFile(path, rel string, rules []Rule) ([]string, error) {
	folder, _, _ := strings.Cut(rel, "/")
	at := slices.IndexFunc(rules, func(r Rule) bool { return r.Folder == folder })
	if at < 0 {
		return []string{rel + ": no rule for this folder; add it to the table with its reason"}, nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var broken []string
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if !rules[at].allows(name) {
			broken = append(broken, fmt.Sprintf("%s imports %s; %s may import %s, because: %s",
				rel, name, folder, strings.Join(append([]string{"std"}, rules[at].May...), ", "), rules[at].Why))
		}
	}
	return broken, nil
}

func (r Rule) allows(name string) bool {
	if standard(name) || below(name, module+"/"+r.Folder) {
		return true
	}
	return slices.ContainsFunc(r.May, func(may string) bool { return may == "*" || below(name, may) })
}

// standard packages, and cgo's "C", have no dot in the first part of their path; this module's have its name.
func standard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first != module && !strings.Contains(first, ".")
}

func below(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }
