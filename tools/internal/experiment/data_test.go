package experiment

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/pipelines"
)

// called is a set whose classes have names, or none.
type called struct {
	pipelines.Source
	names []string
}

func (c called) ClassNames() []string { return c.names }

func TestWriteClasses(t *testing.T) {
	glyphs, err := pipelines.NewGlyphs(1, "train", 10, 8)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, ClassesFile)
	for _, src := range []pipelines.Source{glyphs, called{glyphs, nil}} {
		if err := WriteClasses(dir, src); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("a set without names left %v", err)
		}
	}
	some, err := pipelines.First(called{glyphs, []string{"p03", "p11"}}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteClasses(dir, some); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "p03\np11\n" {
		t.Errorf("%q, %v", raw, err)
	}
	if err := WriteClasses(filepath.Join(dir, "none"), some); err == nil || !strings.Contains(err.Error(), "classes.txt cannot be written") {
		t.Errorf("no folder: %v", err)
	}
}
