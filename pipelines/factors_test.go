package pipelines

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestKnownFactors: the factors are those of the example that At draws, through
// subsets of subsets; of other sets there are none.
func TestKnownFactors(t *testing.T) {
	g, err := NewGlyphs(3, "test", 40, 12)
	if err != nil {
		t.Fatal(err)
	}
	some, err := Subset(g, []int{7, 30, 7, 12})
	if err != nil {
		t.Fatal(err)
	}
	fewer, err := First(some, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		src Source
		at  []int // of each example in g
	}{{g, []int{0, 1, 2}}, {some, []int{7, 30, 7, 12}}, {fewer, []int{7, 30}}} {
		list, values := KnownFactors(row.src)
		if len(list) != 12 || list[1] != (Factor{"ink", AppearanceFactor, 0}) || list[7] != (Factor{"rotation", GeometryFactor, 0}) || list[11] != (Factor{"font", AppearanceFactor, len(faces)}) {
			t.Fatalf("%T: factors %v", row.src, list)
		}
		for i, want := range row.at {
			f, got := g.Factors(want), values(i)
			if len(got) != 12 || got[1] != f.Ink || got[7] != f.Rotation || faces[int(got[11])].name != f.Face {
				t.Errorf("%T: example %d: want %+v, got %v", row.src, i, f, got)
			}
			if label, err := row.src.At(i, make([]uint8, 144)); err != nil || label != f.Digit {
				t.Errorf("%T: example %d: label %d, digit %d, %v", row.src, i, label, f.Digit, err)
			}
		}
	}
	plain := Source(struct{ Source }{g})
	part, err := Subset(plain, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []Source{plain, part} {
		if list, values := KnownFactors(src); list != nil || values != nil {
			t.Error("factors of a set that does not know them")
		}
	}
}

// TestNORBFactors: each part knows the info of its own pairs; without a readable
// file the official split opens as before, and nothing is known.
func TestNORBFactors(t *testing.T) {
	files := norbFiles(36, 18)
	s, err := Open(t.Context(), Data{Set: "smallnorb", Path: folder(t, files), View: "elevation"})
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]Source{"train": s.Train, "test": s.Test, "familiar": s.Familiar} {
		list, values := KnownFactors(src)
		if len(list) != 4 || list[0].Name != "lighting" || list[2] != (Factor{"elevation", GeometryFactor, 0}) || list[3] != (Factor{"azimuth", GeometryFactor, 18}) {
			t.Fatalf("%s: factors %v", name, list)
		}
		instance := 3.
		if name == "train" {
			instance = 7
		}
		pixels := make([]uint8, 24)
		for k := range src.Len() {
			if _, err := src.At(k, pixels); err != nil {
				t.Fatal(err)
			}
			pair := int(pixels[0]) // the pair's own number
			if want := []float64{3, instance, float64(pair % 9), float64(pair % 18)}; !slices.Equal(values(k), want) {
				t.Errorf("%s: pair %d: want %v, got %v", name, pair, want, values(k))
			}
		}
	}
	for what, change := range map[string]func(m map[string][]byte, name string){
		"none":    func(m map[string][]byte, name string) { delete(m, name) },
		"damaged": func(m map[string][]byte, name string) { m[name] = m[name][:9] },
	} {
		bad := maps.Clone(files)
		for name := range files {
			if strings.Contains(name, "info") {
				change(bad, name)
			}
		}
		s, err := Open(t.Context(), Data{Set: "smallnorb", Path: folder(t, bad)})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if list, values := KnownFactors(s.Train); list != nil || values != nil {
			t.Errorf("%s: factors %v", what, list)
		}
	}
}
