package pipelines

import (
	"reflect"
	"slices"
	"strings"
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
func numbered(n int) *memory {
	m := &memory{name: "numbered", shape: Shape{1, 1, 1}, classes: 1, pixels: make([]uint8, n), labels: make([]int32, n)}
	for i := range m.pixels {
		m.pixels[i] = uint8(i)
	}
	return m
}

func TestSplit(t *testing.T) {
	all := numbered(100)
	take := func(d Data) (train, validation []int) {
		s, err := split(all, d)
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
		if _, err := split(all, d); err == nil || !strings.Contains(err.Error(), "lower train or validation") {
			t.Errorf("%+v: error %v", d, err)
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
		if got := edits(c.a, c.b); got != c.want {
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
