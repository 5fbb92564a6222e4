package pipelines

import "testing"

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
		factors := KnownFactors(row.src)
		if factors == nil {
			t.Fatalf("%T: no factors", row.src)
		}
		for i, want := range row.at {
			if factors(i) != g.Factors(want) {
				t.Errorf("%T: example %d: want the factors of %d", row.src, i, want)
			}
			if label, err := row.src.At(i, make([]uint8, 144)); err != nil || label != factors(i).Digit {
				t.Errorf("%T: example %d: label %d, digit %d, %v", row.src, i, label, factors(i).Digit, err)
			}
		}
	}
	plain := Source(struct{ Source }{g})
	part, err := Subset(plain, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	if KnownFactors(plain) != nil || KnownFactors(part) != nil {
		t.Error("factors of a set that does not know them")
	}
}
