package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/study/nearest"
)

// The picture of the most similar training images stands for the description, and
// names indices of both parts.
func TestDataNearest(t *testing.T) {
	file, picture := configFile(t, tiny), filepath.Join(t.TempDir(), "near.png")
	var all []nearest.Match
	must(t, "data", "--config", file, "--nearest", picture, "--count", "4", "--json").decode(t, &all)
	if len(all) != 4 {
		t.Fatalf("want 4 test images, got %+v", all)
	}
	for _, m := range all {
		if m.Distance <= 0 || m.Class == "" || m.Nearest == "" {
			t.Errorf("want another image of the training part, got %+v", m)
		}
	}
	if info, err := os.Stat(picture); err != nil || info.Size() == 0 {
		t.Errorf("want a picture, got %v", err)
	}
	if said := must(t, "data", "--config", file, "--nearest", picture, "--count", "4").out; !strings.Contains(said, "of 4 test images have the class") || strings.Contains(said, "sha256") {
		t.Errorf("want a line in place of the description, got %q", said)
	}
}
