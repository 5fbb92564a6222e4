package pipelines

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Validation images are chosen by their contents: renaming moves none, adding and removing a file one other at most,
// and copies are never on both sides.
func TestValidationStays(t *testing.T) {
	held := func(files map[string][]byte) (train, validation []int) {
		t.Helper()
		s, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, files), Seed: 5, Validation: 8})
		if err != nil {
			t.Fatal(err)
		}
		return ids(t, s.Train), ids(t, s.Validation)
	}
	// moved counts the images of before that are not in after.
	moved := func(before, after []int) (n int) {
		for _, i := range before {
			if !slices.Contains(after, i) {
				n++
			}
		}
		return n
	}
	files := photos("", 10)
	_, before := held(files)
	if len(before) != 8 {
		t.Fatalf("%d held out", len(before))
	}
	renamed := maps.Clone(files)
	for name, b := range files {
		delete(renamed, name)
		class, file, _ := strings.Cut(name, "/")
		renamed[class+"/9"+strings.TrimSuffix(file, ".png")+"x.png"] = b
	}
	if _, after := held(renamed); moved(before, after) != 0 {
		t.Errorf("renaming all files moves %v to %v", before, after)
	}
	for name := range files {
		fewer := maps.Clone(files)
		delete(fewer, name)
		if _, after := held(fewer); moved(before, after) > 1 || len(after) != 8 {
			t.Errorf("without %s: %v, with it %v", name, after, before)
		}
	}
	more := joined(files, map[string][]byte{"cat/new.png": plain(9, 9, 200, 100, 1)})
	if _, after := held(more); moved(before, after) > 1 {
		t.Errorf("a new file moves %v to %v", before, after)
	}
	copied := maps.Clone(files)
	for name, b := range files {
		copied[strings.TrimSuffix(name, ".png")+"copy.png"] = b
	}
	train, both := held(copied)
	for _, i := range both {
		if slices.Contains(train, i) {
			t.Errorf("copies of image %d are trained on and held out", i)
		}
	}
	if len(both) != 8 {
		t.Errorf("%d of 8 held out", len(both))
	}
	// What is left over is less than a group of copies.
	same := map[string][]byte{"test/a/0.png": plain(8, 8, 1, 2, 3), "test/b/0.png": plain(8, 8, 1, 2, 4)}
	for _, name := range []string{"a/1", "a/2", "a/3", "b/1", "b/2", "b/3"} {
		same["train/"+name+".png"] = plain(8, 8, name[0], 1, 1)
	}
	if _, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, same), Validation: 2}); err == nil || !strings.Contains(err.Error(), "copies stay together") {
		t.Errorf("two of three copies: %v", err)
	}
}
