package pipelines

import (
	"fmt"
	"slices"
	"testing"
)

// Images are known again whatever their labels and places, and only those.
func TestImageHashes(t *testing.T) {
	all := &memorySource{name: "all", shape: Shape{1, 2, 1}, classes: 3, pixels: []uint8{0, 51, 102, 255, 51, 51, 7, 7}, labels: []int32{2, 0, 2, 1}}
	trained, err := Subset(all, []int{2, 0})
	if err != nil {
		t.Fatal(err)
	}
	h, err := HashImages(t.Context(), trained)
	if err != nil {
		t.Fatal(err)
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
