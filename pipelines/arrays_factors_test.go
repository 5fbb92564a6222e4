package pipelines

import (
	archive "archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// npzFile writes an archive of arrays.
func npzFile(t *testing.T, arrays map[string][]byte) string {
	t.Helper()
	var raw bytes.Buffer
	z := archive.NewWriter(&raw)
	for name, array := range arrays {
		w, err := z.Create(name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(array); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "set.npz")
	if err := os.WriteFile(path, raw.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sprites are the arrays of dSprites for n images of 4x4 pixels, of which image i has
// the bits of i in its first row, shape i mod 3, and other latents that tell i.
func sprites(t *testing.T, n int) map[string][]byte {
	t.Helper()
	pixels, classes := make([]uint8, 16*n), make([]int64, 6*n)
	for i := range n {
		for k := range 4 {
			pixels[16*i+k] = uint8(i >> k & 1)
		}
		copy(classes[6*i:], []int64{0, int64(i % 3), int64(i % 6), int64(i % 40), int64(i % 32), int64(31 - i%32)})
	}
	return map[string][]byte{"imgs": npyFile(t, "|u1", "30, 4, 4", pixels), "latents_classes": npyFile(t, "<i8", "30, 6", classes)}
}

// Files of dSprites open with shapes as classes and with their factors; a part of the
// rows is drawn where the numbers of images are given.
func TestDSprites(t *testing.T) {
	path := npzFile(t, sprites(t, 30))
	for _, d := range []Data{{}, {Train: 9, Validation: 3, Test: 6}, {Holdout: 1}} {
		d.Set, d.Path, d.Seed = "npz", path, 5
		s, err := Open(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if d.Train > 0 && (s.Train.Len() != 9 || s.Validation.Len() != 3 || s.Test.Len() != 6) || s.Test.Classes() != 3 {
			t.Errorf("%+v: %d classes, test %d", d, s.Test.Classes(), s.Test.Len())
		}
		seen := map[int]bool{}
		parts := []Source{s.Train, s.Test}
		if s.EvaluationOnly {
			parts = parts[:1]
		}
		for _, src := range parts {
			list, values := KnownFactors(src)
			if len(list) != 4 || list[1] != (Factor{"orientation", GeometryFactor, 40}) {
				t.Fatalf("factors %v", list)
			}
			pixels := make([]uint8, 16)
			for k := range src.Len() {
				label, err := src.At(k, pixels)
				if err != nil {
					t.Fatal(err)
				}
				i := 0
				for b := range 4 {
					if pixels[b] != 0 && pixels[b] != 255 {
						t.Fatalf("pixel %d", pixels[b])
					}
					i += int(pixels[b]) / 255 << b
				}
				got := values(k)
				if at := int(got[1]); at%16 != i || label != at%3 || !slices.Equal(got, []float64{float64(at % 6), float64(at), float64(at), float64(31 - at)}) || seen[at] {
					t.Errorf("image %d: label %d, factors %v", i, label, got)
				} else {
					seen[at] = true
				}
			}
		}
	}
}

// 3D Shapes as converted, and arrays of one's own.
func TestFactorArrays(t *testing.T) {
	pixels := make([]uint8, 10*3)
	rows := make([]float64, 60)
	for i := range 10 {
		pixels[3*i] = uint8(i)
		copy(rows[6*i:], []float64{float64(i) / 10, float64(9-i) / 10, .3, .75 + .1*float64(i), float64(i % 4), float64(i) - 5})
	}
	images := npyFile(t, "|u1", "10, 1, 1, 3", pixels)
	s, err := Open(t.Context(), Data{Set: "npz", Holdout: 1, Path: npzFile(t, map[string][]byte{"images": images, "labels": npyFile(t, "<f8", "10, 6", rows)})})
	if err != nil {
		t.Fatal(err)
	}
	list, values := KnownFactors(s.Test)
	for i := range 10 {
		if got := values(i); !slices.Equal(got, []float64{float64(i), float64(9 - i), 3, rows[6*i+3], rows[6*i+5]}) || s.Test.Label(i) != i%4 {
			t.Errorf("image %d of 3D Shapes: %v, label %d", i, got, s.Test.Label(i))
		}
	}
	if len(list) != 5 || list[2] != (Factor{"object hue", AppearanceFactor, 10}) || list[4] != (Factor{"orientation", GeometryFactor, 0}) {
		t.Errorf("factors %v", list)
	}
	own := map[string][]byte{"images": images, "labels": npyFile(t, "<i8", "10,", []int64{0, 1, 2, 0, 1, 2, 0, 1, 2, 0}),
		"geometry_factors": npyFile(t, "<f4", "10, 2", make([]float32, 20)), "appearance_factors": npyFile(t, "<f8", "10, 1", rows[:10])}
	s, err = Open(t.Context(), Data{Set: "npz", Path: npzFile(t, own)})
	if err != nil {
		t.Fatal(err)
	}
	list, values = KnownFactors(s.Train)
	if len(list) != 3 || list[0] != (Factor{"appearance 1", AppearanceFactor, 0}) || list[2] != (Factor{"geometry 2", GeometryFactor, 0}) || len(values(0)) != 3 {
		t.Errorf("own factors %v, %v", list, values(0))
	}
}

// What does not fit is refused with its place.
func TestFactorArraysRefuse(t *testing.T) {
	few := sprites(t, 30)
	few["latents_classes"] = npyFile(t, "<i8", "29, 6", make([]int64, 29*6))
	far := sprites(t, 30)
	wide := make([]int64, 180)
	wide[6*7+3] = 40
	far["latents_classes"] = npyFile(t, "<i8", "30, 6", wide)
	h5 := filepath.Join(t.TempDir(), "3dshapes.h5")
	if err := os.WriteFile(h5, []byte("\x89HDF\r\n\x1a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, d := range map[string]Data{
		"latents_classes: want the shape [30 6], a row for each image, got [29 6]": {Path: npzFile(t, few)},
		"latents_classes: image 7: want one of 40 values of orientation, got 40":   {Path: npzFile(t, far)},
		"want at most the 30 images of the file in data.train":                     {Path: npzFile(t, sprites(t, 30)), Train: 20, Test: 11},
		"got HDF5, which is not read: convert it with Python":                      {Path: h5},
	} {
		d.Set = "npz"
		if _, err := Open(t.Context(), d); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 350 {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := RecogniseSet(h5); err == nil || !strings.Contains(err.Error(), "HDF5") {
		t.Errorf("got %v", err)
	}
}
