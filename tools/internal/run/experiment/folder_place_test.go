package experiment

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run folder among the images would be one of their classes.
func TestRunFolderAmongImages(t *testing.T) {
	root := t.TempDir()
	photos := filepath.Join(root, "photos")
	if err := errors.Join(os.Mkdir(photos, 0o777), os.Symlink(photos, filepath.Join(root, "link"))); err != nil {
		t.Fatal(err)
	}
	c := small()
	c.Data.Set, c.Data.Path = "folder", photos
	t.Chdir(photos)
	for _, run := range []string{"", ".", "run", "../photos/a/b", photos, filepath.Join(root, "link", "run")} {
		c.Run = run
		_, err := NewFolder(c)
		if !errors.As(err, new(*ConfigError)) || !strings.Contains(err.Error(), "--run") {
			t.Errorf("run %q: %v", run, err)
		}
	}
	if there, _ := os.ReadDir(photos); len(there) > 0 {
		t.Errorf("%v was written", there)
	}
	for _, run := range []string{"../run", filepath.Join(root, "photos2")} {
		c.Run = run
		if _, err := NewFolder(c); err != nil {
			t.Errorf("run %q: %v", run, err)
		}
	}
	c.Data.Set, c.Run = "mnist", "run"
	if _, err := NewFolder(c); err != nil {
		t.Error(err)
	}
}
