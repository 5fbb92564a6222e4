package pipelines

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ids are the first pixels of all examples, which numbered tells apart.
func ids(t *testing.T, s Source) (all []int) {
	t.Helper()
	if s == nil {
		return nil
	}
	raw := make([]uint8, s.Shape().Len())
	for i := range s.Len() {
		if _, err := s.At(i, raw); err != nil {
			t.Fatal(err)
		}
		all = append(all, int(raw[0]))
	}
	return all
}

// numbered is a set whose example i has pixel value i.
func numbered(n int) *memorySource {
	m := &memorySource{name: "numbered", shape: Shape{1, 1, 1}, classes: 1, pixels: make([]uint8, n), labels: make([]int32, n)}
	for i := range m.pixels {
		m.pixels[i] = uint8(i)
	}
	return m
}

func TestSplit(t *testing.T) {
	all := numbered(100)
	take := func(d Data) (train, validation []int) {
		s, err := holdOut(all, nil, d)
		if err != nil {
			t.Fatal(err)
		}
		return ids(t, s.Train), ids(t, s.Validation)
	}
	if train, validation := take(Data{}); len(train) != 100 || validation != nil || !slices.IsSorted(train) {
		t.Errorf("everything: %v and %v", train, validation)
	}
	train, validation := take(Data{Validation: 20})
	if joined := slices.Sorted(slices.Values(slices.Concat(train, validation))); len(validation) != 20 || !reflect.DeepEqual(joined, ids(t, all)) {
		t.Errorf("%v and %v are not the set", train, validation)
	}
	if slices.Equal(validation, ids(t, all)[80:]) {
		t.Error("the held-out examples are the last of the file, not of a permutation")
	}
	fewer, same := take(Data{Validation: 20, Train: 30})
	if !slices.Equal(same, validation) {
		t.Errorf("training on fewer changes what is held out: %v and %v", same, validation)
	}
	for _, i := range fewer {
		if len(fewer) != 30 || !slices.Contains(train, i) {
			t.Errorf("%v is no part of %v", fewer, train)
		}
	}
	if _, other := take(Data{Validation: 20, Seed: 1}); slices.Equal(other, validation) {
		t.Error("two seeds hold out the same examples")
	}
	const most = int(^uint(0) >> 1)
	for _, d := range []Data{{Validation: 100}, {Train: 101}, {Train: 50, Validation: 51}, {Train: most, Validation: most}, {Validation: most}} {
		if _, err := holdOut(all, nil, d); err == nil || !strings.Contains(err.Error(), "lower data.train or data.validation") {
			t.Errorf("%+v: error %v", d, err)
		}
	}
}

// A class to test on that nothing teaches is refused, of every kind of set; a split that loses none
// stays what it was.
func TestSplitKeepsClasses(t *testing.T) {
	pets := map[string][]byte{}
	for i := range 30 {
		pets[fmt.Sprintf("train/cat/%d.png", i)] = plain(8, 8, uint8(i), 0, 0)
	}
	for i := range 2 {
		pets[fmt.Sprintf("train/dog/%d.png", i)] = plain(8, 8, 0, uint8(i), 0)
	}
	pets["test/cat/0.png"], pets["test/dog/0.png"] = plain(8, 8, 0, 0, 9), plain(8, 8, 0, 0, 9)
	root := tree(t, pets)
	var lost *DataRequestError
	refused := 0
	for seed := range uint64(60) {
		s, err := Open(t.Context(), Data{Set: "folder", Path: root, Size: 4, Seed: seed, Validation: 24})
		switch {
		case err == nil:
			if n := CountClasses(s.Train); n[1] == 0 {
				t.Errorf("seed %d: trains on %v", seed, n)
			}
		case !errors.As(err, &lost) || err.Error() != "pipelines: folder/train: want an example to train on of each class to test on, got 8 of 32 to train on, none of the 2 of class 1 (dog) among them: lower data.validation, raise data.train, or change data.seed":
			t.Fatalf("seed %d: %v", seed, err)
		default:
			refused++
		}
	}
	if refused == 0 || refused == 60 {
		t.Errorf("%d of 60 seeds refused: want some that lose a class, and some that do not", refused)
	}
	if _, err := Open(t.Context(), Data{Set: "glyphs", Train: 5}); err == nil || !strings.Contains(err.Error(), "got none of class 2: raise data.train") {
		t.Errorf("five digits: %v", err)
	}
}

// foreign is a source of another package: its labels are its own.
type foreign struct{ Source }

func (f foreign) At(i int, dst []uint8) (int, error) { return f.Label(i), nil }
func (f foreign) Label(i int) int                    { return (3*i + 1) % f.Classes() }

// Label is what At returns, for every kind of source and for subsets of them.
func TestLabelIsThatOfAt(t *testing.T) {
	held, err := NewGlyphs(3, "train", 57, 8)
	if err != nil {
		t.Fatal(err)
	}
	onDemand := &Glyphs{split: held.split, seed: held.seed, n: held.n, size: held.size, renderers: sync.Pool{New: func() any { return newGlyphRenderer(8) }}}
	for _, src := range []Source{held, onDemand, numbered(57), foreign{held}} {
		some, err := Subset(src, []int{5, 50, 5})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []Source{src, some} {
			for i := range s.Len() {
				if want, err := s.At(i, make([]uint8, s.Shape().Len())); err != nil || s.Label(i) != want {
					t.Errorf("%T: label %d is %d, want %d, %v", src, i, s.Label(i), want, err)
				}
			}
		}
		if counts := CountClasses(some); counts[some.Label(0)] < 2 {
			t.Errorf("%T: want example 5 counted twice, got %v", src, counts)
		}
	}
	for _, g := range []*Glyphs{held, onDemand} {
		for _, i := range []int{-1, 57} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("label %d of 57: no panic", i)
					}
				}()
				g.Label(i)
			}()
		}
	}
}

// What a set does not read is refused; usual values ask for nothing.
func TestDataCheckRead(t *testing.T) {
	for want, d := range map[string]Data{
		`data.view: want it for a set of smallnorb alone, got azimuth for mnist, which does not read it: leave it out`: {Set: "mnist", View: "azimuth"},
		"data.people: want it for a set of facescrub alone, got 3 for folder":                                          {Set: "folder", People: 3},
		"data.channels: want it for a set of folder, csv alone, got 1 for facescrub":                                   {Set: "facescrub", Channels: 1},
		"data.holdout: want it for a set of folder, csv, npz alone, got 0.3 for facescrub":                             {Set: "facescrub", Holdout: .3},
		"data.split: want it beside a data.view of azimuth or elevation, got literal without a view":                   {Set: "smallnorb", Split: "literal"},
		"data.split: want it for a set of smallnorb alone":                                                             {Set: "idx", Split: "literal"},
		"data.size: want it for a set of glyphs, facescrub, folder, csv alone, got 64 for mnist":                       {Set: "mnist", Size: 64},
		"got 32 for cifar10":                  {Set: "cifar10", Size: 32},
		"got 96 for smallnorb":                {Set: "smallnorb", Size: 96},
		"data.classes: want it for a set":     {Set: "cifar10", Classes: 10},
		"data.view: want one of azimuth, ele": {Set: "mnist", View: "azimut"},
	} {
		if err := d.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", d, err, want)
		}
	}
	for _, d := range []Data{
		{Set: "glyphs", Size: 28}, {Set: "mnist", Size: 28, Channels: 3, Holdout: .2, Memory: 4096, Split: "hinton"}, {Set: "smallnorb", Split: "hinton"},
		{Set: "smallnorb", View: "elevation", Split: "literal", Memory: 9}, {Set: "facescrub", Size: 64, People: 2, Memory: 9, Channels: 3}, {Set: "idx", Classes: 3},
		{Set: "folder", Size: 9, Classes: 2, Holdout: .1, Channels: 1, Memory: 1}, {Set: "csv", Size: 9, Classes: 2, Holdout: .1, Channels: 1, Memory: 1}, {Set: "none", View: "azimuth"},
	} {
		if err := d.Check(); err != nil {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

func TestSubset(t *testing.T) {
	all := numbered(10)
	s, err := Subset(all, []int{7, 0, 7})
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(t, s); !slices.Equal(got, []int{7, 0, 7}) || s.Len() != 3 || s.Name() != "numbered" {
		t.Errorf("%v", got)
	}
	if _, err := s.At(3, make([]uint8, 1)); err == nil || !strings.Contains(err.Error(), "0..2, got 3") {
		t.Errorf("beyond the subset: %v", err)
	}
	for want, indices := range map[string][]int{"at least 1": nil, "got 10 at position 1": {1, 10}, "got -1 at position 0": {-1}} {
		if _, err := Subset(all, indices); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", indices, err, want)
		}
	}
	f, err := First(all, 3)
	if err != nil || !slices.Equal(ids(t, f), []int{0, 1, 2}) {
		t.Errorf("first three: %v, %v", ids(t, f), err)
	}
	if f, err := First(all, 10); err != nil || f != Source(all) {
		t.Errorf("first of all: %v, %v", f, err)
	}
	for _, n := range []int{-1, 0, 11} {
		if _, err := First(all, n); err == nil {
			t.Errorf("first %d: no error", n)
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{"": "flip", "cropp": "crop", "deformation": "deform", "brightnes": "brightness"} {
		if got := Nearest(name, []string{"flip", "crop", "deform", "brightness"}); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"abc", "", 3}, {"", "ab", 2}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d edits, want %d", c.a, c.b, got, c.want)
		}
	}
}

// Every configuration field can be set from a file, by a lower-case name.
func TestConfigTags(t *testing.T) {
	for _, v := range []any{Data{}, Options{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			y, m := f.Tag.Get("yaml"), f.Tag.Get("mapstructure")
			if y == "" || y != m || y != strings.ToLower(y) {
				t.Errorf("%T.%s: tags %q and %q", v, f.Name, y, m)
			}
		}
	}
}
