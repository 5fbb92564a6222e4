package config

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite generated files instead of comparing with them")

// root is the module's folder, seen from this package.
const root = "../../../.."

// TestMeanings compares meanings.json and KEYS.md with the comments of the
// configuration's structs. With -update it rewrites them.
func TestMeanings(t *testing.T) {
	want := map[string]string{}
	for _, f := range fields() {
		text, err := meaning(f)
		if err != nil {
			t.Fatal(err)
		}
		want[f.key] = text
	}
	raw, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	current(t, "meanings.json", append(raw, '\n'), meanings)
	if *update {
		meanings = raw
	}
	text, err := Markdown()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "tools", "configs", "KEYS.md")
	have, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	current(t, path, []byte(text), have)
}

func current(t *testing.T, path string, want, have []byte) {
	t.Helper()
	switch {
	case string(want) == string(have):
	case *update:
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what the structs' comments say: go generate ./tools/internal/run/config", path)
	}
}

// meaning is the comment of a field as Markdown in one line, with the names of
// fields replaced by those of their keys. Fields that follow without a comment
// of their own share one.
func meaning(f field) (string, error) {
	decl, err := structDecl(f.owner)
	if err != nil {
		return "", err
	}
	doc := ""
	for _, field := range decl.Fields.List {
		if field.Doc != nil {
			doc = field.Doc.Text()
		}
		for _, name := range field.Names {
			if name.Name == f.name {
				return describe(doc, f), nil
			}
		}
	}
	return "", fmt.Errorf("%v has no field %s in its source", f.owner, f.name)
}

// structDecl finds a struct in the source of its package.
func structDecl(t reflect.Type) (*ast.StructType, error) {
	dir := filepath.Join(root, strings.TrimPrefix(t.PkgPath(), "unwarp"))
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range gen.Specs {
				if spec, ok := s.(*ast.TypeSpec); ok && spec.Name.Name == t.Name() {
					if decl, ok := spec.Type.(*ast.StructType); ok {
						return decl, nil
					}
				}
			}
		}
	}
	return nil, fmt.Errorf("no source of %v in %s", t, dir)
}

var goLink = regexp.MustCompile(`\[[A-Za-z.]+\]`)

var goName = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]*\b`)

// describe is a comment without its opening "Batch is", in one line, with the
// names of keys for those of fields.
func describe(doc string, f field) string {
	text := strings.Join(strings.Fields(doc), " ")
	for _, verb := range []string{" is ", " are "} {
		if rest, ok := strings.CutPrefix(text, f.name+verb); ok {
			first, size := utf8.DecodeRuneInString(rest)
			text = string(unicode.ToUpper(first)) + rest[size:]
		}
	}
	return goName.ReplaceAllStringFunc(text, func(w string) string {
		if other, ok := f.owner.FieldByName(w); ok && (w == f.name || !strings.HasPrefix(text, w)) {
			return "`" + other.Tag.Get("mapstructure") + "`"
		}
		return w
	})
}

// Every key has a meaning that a user can read: whole sentences, no names of Go.
func TestDescribe(t *testing.T) {
	all, err := Describe()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range all {
		names = append(names, k.Name)
		if len(k.Meaning) < 20 || !strings.HasSuffix(k.Meaning, ".") || strings.Contains(k.Meaning, "\n") || goLink.MatchString(k.Meaning) {
			t.Errorf("%s: want sentences in plain words, got %q", k.Name, k.Meaning)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, Keys()) {
		t.Errorf("want a description of each of %v, got %v", Keys(), names)
	}
}

// The defaults that are described are those that a run without a configuration
// gets.
func TestDescribedDefaults(t *testing.T) {
	got := map[string]string{}
	all, err := Describe()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		got[k.Name] = k.Default
	}
	for key, want := range map[string]string{"train.batch": "128", "train.duration": "8ep", "data.set": "glyphs", "train.objective.norm": "frobenius", "attack.images": "1000", "data.path": `""`, "attack.attacks": `[random, fgsm, fgsm(loss=training), "bim(preset=split,steps=10)"]`, "export.inference_only": "false"} {
		if got[key] != want {
			t.Errorf("%s: want %s, got %s", key, want, got[key])
		}
	}
}

func TestExplain(t *testing.T) {
	if one, err := Explain("Train.Batch"); err != nil || len(one) != 1 || !strings.Contains(one[0].Meaning, "images in a step") || one[0].Variable() != "UNWARP_TRAIN_BATCH" {
		t.Errorf("one key: got %+v, %v", one, err)
	}
	if part, err := Explain("train.optimizer"); err != nil || len(part) != 8 || !strings.Contains(part[1].Meaning, "adam") {
		t.Errorf("a part: got %+v, %v", part, err)
	}
	if _, err := Explain("train.bach"); err == nil || !strings.Contains(err.Error(), `unknown key "train.bach": did you mean "train.batch"?`) {
		t.Errorf("an unknown key: got %v", err)
	}
	if _, err := Explain("train.batch.size"); err == nil || !strings.Contains(err.Error(), "no parts") {
		t.Errorf("below a key: got %v", err)
	}
}
