package printable

import "testing"

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"1 image": Count(1, "image"), "0 images": Count(0, "image"), "2 test images": Count(2, "test image"),
		"1 class": Count(1, "class"), "4 classes": Count(4, "class"), "3 passes": Count(3, "pass"), "2 boxes": Count(2, "box"),
	} {
		if got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}
