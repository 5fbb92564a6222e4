package npz

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// npy is a file as NumPy writes it.
func npy(kind, shape string, values []byte) []byte {
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", kind, shape)
	text += strings.Repeat(" ", 63-(10+len(text))%64) + "\n"
	raw := append([]byte("\x93NUMPY\x01\x00"), byte(len(text)), byte(len(text)>>8))
	return append(append(raw, text...), values...)
}

func openRaw(t testing.TB, raw []byte) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path)
	if err == nil {
		t.Cleanup(func() { f.Close() })
	}
	return f, err
}

// TestFileRows reads rows of the middle, of every kind of whole numbers.
func TestFileRows(t *testing.T) {
	f, err := openRaw(t, npy(KindUint8, "(3, 2, 2)", []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Uint8s(1, 2); err != nil || !slices.Equal(got, []byte{4, 5, 6, 7, 8, 9, 10, 255}) || !slices.Equal(f.Shape(), []int{3, 2, 2}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, r := range [][2]int{{-1, 1}, {2, 2}, {0, 4}, {4, 0}} {
		if _, err := f.Uint8s(r[0], r[1]); err == nil {
			t.Errorf("rows %v: want an error", r)
		}
	}
	want := []int64{-3, 7, 100}
	for kind, size := range wholeSizes {
		var values []byte
		for _, v := range want {
			if kind == KindUint8 {
				v = max(v, 0)
			}
			values = append(values, binary.LittleEndian.AppendUint64(nil, uint64(v))[:size]...)
		}
		f, err := openRaw(t, npy(kind, "(3,)", values))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.Int64s(1, 2); err != nil || !slices.Equal(got, want[1:]) {
			t.Errorf("%s: got %v, %v", kind, got, err)
		}
		if got, err := f.Int64s(0, 1); kind != KindUint8 && (err != nil || got[0] != -3) {
			t.Errorf("%s: got %v, %v", kind, got, err)
		}
	}
}

// TestFileRefuses: files that are cut, too long, or of another kind.
func TestFileRefuses(t *testing.T) {
	values := make([]byte, 12)
	for name, raw := range map[string][]byte{
		"cut":        npy(KindUint8, "(3, 4)", values[:11]),
		"too long":   npy(KindUint8, "(3, 4)", append(values, 0)),
		"huge":       npy(KindUint8, "(1000000, 1000000)", values),
		"overflow":   npy(KindUint8, "(4294967296, 4294967296)", values),
		"scalar":     npy(KindUint8, "()", values[:1]),
		"float64":    npy("<f8", "(1,)", values[:8]),
		"big-endian": npy(">i4", "(3,)", values),
		"no header":  []byte("hello"),
		"empty":      nil,
	} {
		if _, err := openRaw(t, raw); err == nil {
			t.Errorf("%s: want an error", name)
		} else if len(err.Error()) > 300 {
			t.Errorf("%s: a message of %d characters", name, len(err.Error()))
		}
	}
	if _, err := OpenFile(t.TempDir()); err == nil {
		t.Error("a folder: want an error")
	}
}

// FuzzFile: no file makes the reader panic, or give other than what it says.
func FuzzFile(f *testing.F) {
	f.Add(npy(KindUint8, "(3, 4)", make([]byte, 12)))
	f.Add(npy("<i8", "(2,)", make([]byte, 16)))
	f.Add(npy("<i2", "(0, 7)", nil))
	f.Add([]byte("\x93NUMPY\x01\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := openRaw(t, raw)
		if err != nil {
			return
		}
		n := min(a.Rows(), 4)
		if x, err := a.Uint8s(a.Rows()-n, n); err == nil && len(x) != n*a.row {
			t.Errorf("want %d values, got %d", n*a.row, len(x))
		}
		if x, err := a.Int64s(0, n); err == nil && len(x) != n*a.row {
			t.Errorf("want %d values, got %d", n*a.row, len(x))
		}
	})
}
