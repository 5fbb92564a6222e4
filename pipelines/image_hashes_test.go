package pipelines

import (
	"fmt"
	"slices"
	"testing"
)

// countedReads counts the images that are read.
type countedReads struct {
	Source
	n *int
}

func (c countedReads) At(i int, dst []uint8) (int, error) {
	*c.n++
	return c.Source.At(i, dst)
}

// Images are known again whatever their labels and places, and only those.
func TestImageHashes(t *testing.T) {
	all := &memorySource{name: "all", shape: Shape{1, 2, 1}, classes: 3, pixels: []uint8{0, 51, 102, 255, 51, 51, 7, 7}, labels: []int32{2, 0, 2, 1}}
	trained, err := Subset(all, []int{2, 0})
	if err != nil {
		t.Fatal(err)
	}
	reads := 0
	id, h, err := Splits{Train: countedReads{trained, &reads}, Test: all}.Identity(t.Context(), Data{})
	if err != nil || reads != trained.Len() {
		t.Fatalf("%d images are read %d times, %v", trained.Len(), reads, err)
	}
	for name, src := range map[string]Source{"train": trained, "test": all} {
		if f, err := TakeFingerprint(t.Context(), src); err != nil || f != id.Parts[name] {
			t.Errorf("%s: %+v, %v, want %+v", name, id.Parts[name], err, f)
		}
	}
	again, err := ParseImageHashes(h.Bytes())
	if err != nil || !slices.Equal(h, again) || len(h.Bytes()) != 16+32 {
		t.Errorf("%v, %v from %v", err, again, h)
	}
	other := &memorySource{name: "other", shape: all.shape, classes: 3, pixels: []uint8{51, 51, 9, 9, 0, 51, 51, 0}, labels: []int32{0, 0, 1, 1}}
	if found, err := again.Among(t.Context(), other); err != nil || fmt.Sprint(found) != "[0 2]" {
		t.Errorf("%v, %v", found, err)
	}
	for _, raw := range [][]byte{make([]byte, 7), append(slices.Repeat([]byte{9}, 8), make([]byte, 8)...)} {
		if _, err := ParseImageHashes(raw); err == nil {
			t.Errorf("%v is read", raw)
		}
	}
}
