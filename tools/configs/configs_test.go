package configs

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every file is a preset under its own name, and robust stands for one.
func TestNames(t *testing.T) {
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	names := Names()
	if len(names) != len(files)+len(others) || names[0] != "robust" {
		t.Errorf("%d files, names %v", len(files), names)
	}
	for _, f := range files {
		name := strings.TrimSuffix(f, ".yaml")
		want, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Read(name); err != nil || !bytes.Equal(got, want) || !slices.Contains(names, name) {
			t.Errorf("%s: read %d bytes, %v", name, len(got), err)
		}
	}
	for name, file := range others {
		want, _ := Read(file)
		if got, err := Read(name); err != nil || len(want) == 0 || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
