package config

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// namedKey matches what looks like a key in a text, with what stands before it.
var namedKey = regexp.MustCompile(`(^|[^\w./"-])((?:data|train|model|attack|export|cluster)(?:\.[a-z_0-9]+)+)`)

// otherNames are files, and functions of other libraries, that look like keys.
var otherNames = []string{"model.eval", "model.export", "model.signatures", "train.load_checkpoint"}

var fileEndings = []string{".go", ".py", ".md", ".yaml", ".csv", ".npz", ".npy", ".onnx", ".json", ".jsonl", ".txt", ".png"}

// Every configuration key that a message, a help text or a document names exists: else
// its advice cannot be followed.
func TestNamedKeysExist(t *testing.T) {
	keys, seen := Keys(), 0
	exists := func(name string) bool {
		return slices.Contains(keys, name) || slices.ContainsFunc(keys, func(k string) bool { return strings.HasPrefix(k, name+".") })
	}
	look := func(path, text string) {
		for _, m := range namedKey.FindAllStringSubmatch(text, -1) {
			name := m[2]
			if slices.Contains(otherNames, name) || slices.Contains(fileEndings, filepath.Ext(name)) {
				continue
			}
			if seen++; !exists(name) {
				t.Errorf("%s names the key %s, which does not exist, in %.80q", path, name, text)
			}
		}
	}
	root := filepath.Join("..", "..", "..", "..")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && path != root && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || e.Name() == "runs"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			return eachString(path, look)
		}
		return nil
	})
	if err != nil || seen < 200 {
		t.Errorf("%d keys named, %v", seen, err)
	}
}

// eachString calls look with each text in a Go file.
func eachString(path string, look func(path, text string)) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var s scanner.Scanner
	set := token.NewFileSet()
	s.Init(set.AddFile(path, -1, len(raw)), raw, nil, 0)
	for {
		_, kind, text := s.Scan()
		switch kind {
		case token.EOF:
			return nil
		case token.STRING:
			if text, err = strconv.Unquote(text); err != nil {
				return err
			}
			look(path, text)
		}
	}
}
