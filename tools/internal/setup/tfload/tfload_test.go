//go:build linux

package tfload

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// symbols.h lists every function of the library that graft's sources name.
func TestSymbols(t *testing.T) {
	if err := Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(Files()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := f.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]bool{}
	for _, s := range all {
		functions[s.Name] = s.Section != elf.SHN_UNDEF && elf.ST_TYPE(s.Info) == elf.STT_FUNC
	}
	raw, err := os.ReadFile("symbols.h")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile(`SYMBOL\((\w+)\)`).FindAllStringSubmatch(string(raw), -1) {
		listed[m[1]] = true
		if !functions[m[1]] {
			t.Errorf("%s: the library has no such function", m[1])
		}
	}
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/wamuir/graft").Output()
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, pattern := range []string{"*.go", "*.c", "*.h"} {
		files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "tensorflow", pattern))
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range regexp.MustCompile(`\b(TF|TFE|TSL|SP)_\w+`).FindAllString(string(raw), -1) {
				if functions[name] && !listed[name] {
					t.Errorf("%s names %s, which symbols.h lacks", filepath.Base(file), name)
				}
				if functions[name] {
					named++
				}
			}
		}
	}
	if named < 100 {
		t.Errorf("only %d functions found in graft's sources", named)
	}
}

func TestFiles(t *testing.T) {
	if err := Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files := Files(); len(files) == 0 || !filepath.IsAbs(files[0]) {
		t.Errorf("got %v", files)
	}
}
