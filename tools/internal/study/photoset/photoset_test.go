package photoset

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"unwarp/pipelines"
)

// The set is read whole, and the same seed draws the same files.
func TestWrite(t *testing.T) {
	s := Set{Seed: 3, PerClass: 12, Least: 16, Most: 40}
	var dirs [2]string
	for i := range dirs {
		dirs[i] = filepath.Join(t.TempDir(), "photos")
		if err := s.Write(dirs[i]); err != nil {
			t.Fatal(err)
		}
	}
	set, err := pipelines.Open(t.Context(), pipelines.Data{Set: "folder", Path: dirs[0]})
	if err != nil {
		t.Fatal(err)
	}
	if n := set.Train.Len() + set.Test.Len(); n != 48 || set.Train.Classes() != 4 {
		t.Errorf("%d images of %d classes, want 48 of 4", n, set.Train.Classes())
	}
	all, err := pipelines.ListImages(dirs[:1])
	if err != nil || len(all) != 48 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	for _, path := range all {
		rel, _ := filepath.Rel(dirs[0], path)
		a, _ := os.ReadFile(path)
		b, err := os.ReadFile(filepath.Join(dirs[1], rel))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs, %v", rel, err)
		}
	}
	if err := s.Write(dirs[0]); err == nil {
		t.Error("wrote into a folder that is there")
	}
}
