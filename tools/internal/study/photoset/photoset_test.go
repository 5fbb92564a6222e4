package photoset

import (
	"bytes"
	"math/rand/v2"
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
	s.Clutter = mostClutter + 1
	if err := s.Write(filepath.Join(t.TempDir(), "x")); err == nil {
		t.Error("more clutter than is drawn")
	}
}

// With clutter the same images have other things around the shape, some of them before it; what
// is drawn without is what it always was.
func TestClutter(t *testing.T) {
	plain, full := Set{Seed: 3, PerClass: 1, Least: 60, Most: 60}, Set{Seed: 3, PerClass: 1, Least: 60, Most: 60, Clutter: 20}
	colours := func(s Set) int {
		m, seen := s.draw(rand.New(rand.NewPCG(7, 1)), 1), map[[3]uint8]bool{}
		for y := range m.Rect.Dy() {
			for x := range m.Rect.Dx() {
				c := m.RGBAAt(x, y)
				seen[[3]uint8{c.R / 32, c.G / 32, c.B / 32}] = true // but for light and grain
			}
		}
		return len(seen)
	}
	if a, b := colours(plain), colours(full); b <= a {
		t.Errorf("%d colours without clutter, %d with it", a, b)
	}
	f := fragment{placement: placement{x: 10, y: 10, cos: 1, size: 5}, kind: 2, colour: [3]float64{1, 0, 0}, before: true}
	if got := colourAt([]fragment{f}, true, 10, 10, [3]float64{}); got != f.colour {
		t.Errorf("in a thing: %v", got)
	}
	if got := colourAt([]fragment{f}, false, 10, 10, [3]float64{}); got == f.colour {
		t.Error("a thing before the shape stands behind it")
	}
	if f.contains(10, 13) || f.contains(30, 10) {
		t.Error("a bar reaches beyond its ends")
	}
}
