package experiment

import (
	"bytes"
	"errors"
	"image"
	"image/png"
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

// A class that bears another number than it was learnt under is refused.
func TestCheckClasses(t *testing.T) {
	glyphs, err := pipelines.NewGlyphs(1, "train", 10, 8)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := checkClasses(dir, nil, called{glyphs, []string{"cat", "dog"}}); err != nil {
		t.Errorf("a run without names: %v", err)
	}
	if err := WriteClasses(dir, called{glyphs, []string{"cat", "dog", "yak"}}); err != nil {
		t.Fatal(err)
	}
	if err := checkClasses(dir, []string{"cafe\u0301", "tea"}, called{glyphs, []string{"caf\u00e9", "tea"}}); err != nil {
		t.Errorf("an accent in another form: %v", err)
	}
	root := t.TempDir() // images of ants and dogs
	for i, name := range []string{"ant/0.png", "ant/1.png", "dog/0.png", "dog/1.png"} {
		var raw bytes.Buffer
		m := image.NewGray(image.Rect(0, 0, 28, 28))
		m.Pix[0] = uint8(i)
		if err := errors.Join(png.Encode(&raw, m), os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700), os.WriteFile(filepath.Join(root, name), raw.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var wrong *ConfigError
	c := small()
	c.Data, c.Run = pipelines.Data{Set: "folder", Path: root, Size: 28, Channels: 1}, dir
	src := &runSource{dir: dir, known: Known{ClassNames: []string{"cat", "dog", "yak"}}}
	if _, _, err := Open(t.Context(), src, c); !errors.As(err, &wrong) || !strings.Contains(err.Error(), `class 0 "cat", got "ant"`) {
		t.Errorf("a run or an export opened with other classes: %v", err)
	}
	if raw, err := c.YAML(); err != nil || os.WriteFile(filepath.Join(dir, ConfigFile), raw, 0o600) != nil {
		t.Fatal(err)
	}
	c.Train.Teacher, c.Run = dir, ""
	if _, err := Train(t.Context(), c); !errors.As(err, &wrong) || !strings.Contains(err.Error(), `train.teacher: `) || !strings.Contains(err.Error(), `class 0 "cat", got "ant"`) {
		t.Errorf("a teacher of other classes: %v", err)
	}
	for _, row := range []struct {
		names []string
		want  string // "" for none
	}{
		{[]string{"cat", "dog", "yak"}, ""},
		{nil, ""},
		{[]string{"ant", "cat", "yak"}, `class 0 "cat", got "ant"`},
		{[]string{"cat", "dog"}, `class 2 "yak", got none`},
		{[]string{"cat", "dog", "yak", "zebra"}, `class 3 none, got "zebra"`},
	} {
		learnt, err := readClasses(dir)
		if err != nil {
			t.Fatal(err)
		}
		err = checkClasses(dir, learnt, called{glyphs, row.names})
		var wrong *ConfigError
		if row.want == "" && err != nil || row.want != "" && (!errors.As(err, &wrong) || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%q: want %q, got %v", row.names, row.want, err)
		}
	}
}
