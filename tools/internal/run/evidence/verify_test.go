package evidence

import (
	"strings"
	"testing"
)

// Values that differ late are shown where they differ, not cut to what is alike.
func TestShowDifference(t *testing.T) {
	same := strings.Repeat("0123456789", 10)
	for _, row := range [][4]string{
		{"", "a", "none", `"a"`},
		{"onnx(path=a.onnx,freeze=1)", "onnx(path=a.onnx,freeze=2)", `"onnx(path=a.onnx,freeze=1)"`, `"onnx(path=a.onnx,freeze=2)"`},
		{same + "x", same + "y", `"…23456789x"`, `"…23456789y"`},
		{same, same + "y", `"…23456789"`, `"…23456789y"`},
	} {
		if a, b := showDifference(row[0], row[1]); a != row[2] || b != row[3] {
			t.Errorf("%q and %q: got %s and %s", row[0], row[1], a, b)
		}
	}
}
