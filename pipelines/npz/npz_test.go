package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestEncode reads each file back byte by byte, as the format says: magic,
// version 1.0, length of the header, a Python dict padded to 64 bytes, values.
func TestEncode(t *testing.T) {
	raw, err := Encode(
		Float32("f", []float32{1.5, -2, float32(math.Inf(1)), 0, 1e-20, 3}, 2, 3),
		Int32("i", []int32{-1, math.MaxInt32, 7}, 3),
		Uint8("u", []uint8{0, 255}, -1),
		Uint8("names", []byte("a\nb"), -1),
		Float32("none", nil, 0, 28),
		Int32("left", []int32{1, 2, 3, 4}, 2, -1),
	)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name, header string
		bytes        []byte
	}{
		{"f", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }", little(float32(1.5), float32(-2), float32(math.Inf(1)), float32(0), float32(1e-20), float32(3))},
		{"i", "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }", little(int32(-1), int32(math.MaxInt32), int32(7))},
		{"u", "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", []byte{0, 255}},
		{"names", "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", []byte("a\nb")},
		{"none", "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 28,), }", nil},
		{"left", "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2,), }", little(int32(1), int32(2), int32(3), int32(4))},
	}
	if len(z.File) != len(want) {
		t.Fatalf("want %d files, got %d", len(want), len(z.File))
	}
	for i, w := range want {
		f := z.File[i]
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != w.name+".npy" || !bytes.HasPrefix(got, []byte("\x93NUMPY\x01\x00")) {
			t.Errorf("%s: %q", f.Name, got[:8])
			continue
		}
		n := 10 + int(binary.LittleEndian.Uint16(got[8:]))
		header := string(got[10:n])
		if n%64 != 0 || !strings.HasSuffix(header, "\n") || strings.TrimRight(header, " \n") != w.header {
			t.Errorf("%s: %d bytes of header: %q", f.Name, n, header)
		}
		if !bytes.Equal(got[n:], w.bytes) {
			t.Errorf("%s: want %v, got %v", f.Name, w.bytes, got[n:])
		}
	}
}

func little(values ...any) []byte {
	var b bytes.Buffer
	for _, v := range values {
		binary.Write(&b, binary.LittleEndian, v)
	}
	return b.Bytes()
}

func TestShapeThatDoesNotFit(t *testing.T) {
	for _, a := range []Array{
		Float32("a", make([]float32, 5), 2, 3),
		Float32("a", make([]float32, 5), 2, -1),
		Int32("a", make([]int32, 5), 4),
		Uint8("a", make([]uint8, 5), 0, -1),
	} {
		if _, err := Encode(a); err == nil || !strings.Contains(err.Error(), `"a"`) {
			t.Errorf("%v of 5 values: want an error that names it, got %v", a.shape, err)
		}
	}
}

func TestDecode(t *testing.T) {
	raw, err := Encode(
		Float32("f", []float32{1.5, float32(math.Inf(1)), 0, 1e-20, 3, -2}, 2, 3),
		Int32("i", []int32{-1, math.MaxInt32, 7}, 3),
		Uint8("u", []uint8{0, 255}, -1),
		Float32("none", nil, 0, 28),
	)
	if err != nil {
		t.Fatal(err)
	}
	all, err := Decode(raw, 24+12+2, Want{"u", KindUint8, 2, nil}, Want{"f", KindFloat32, 5, []int{3}}, Want{"i", KindInt32, 3, nil}, Want{"none", KindFloat32, 9, []int{28}})
	if err != nil {
		t.Fatal(err)
	}
	if f := all["f"]; !slices.Equal(f.Float32s(), []float32{1.5, float32(math.Inf(1)), 0, 1e-20, 3, -2}) || !slices.Equal(f.Shape(), []int{2, 3}) || f.Int32s() != nil {
		t.Errorf("f: got %+v", f)
	}
	if i, u, n := all["i"], all["u"], all["none"]; !slices.Equal(i.Int32s(), []int32{-1, math.MaxInt32, 7}) || string(u.Uint8s()) != "\x00\xff" || !slices.Equal(n.Shape(), []int{0, 28}) || len(n.Float32s()) != 0 {
		t.Errorf("got %+v, %+v, %+v", i, u, n)
	}
	if missing := all["missing"]; missing.Float32s() != nil || missing.Shape() != nil {
		t.Errorf("an array that is not there: got %+v", missing)
	}
}

// TestDecodeRefuses what is cut off or promises more than it holds, without
// asking for the memory promised.
func TestDecodeRefuses(t *testing.T) {
	npy := func(header string, values int) []byte {
		return append(append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8)), append([]byte(header), make([]byte, values)...)...)
	}
	for name, raw := range map[string][]byte{
		"empty":         nil,
		"no magic":      []byte("hello, this is no array"),
		"cut header":    npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 0)[:20],
		"other dict":    npy("{}", 0),
		"columns first": npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }\n", 8),
		"doubles":       npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n", 16),
		"too short":     npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 7),
		"too long":      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 9),
		"huge":          npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999, 99999999), }\n", 8),
		"large":         npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,), }\n", 8),
	} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, _ := z.Create("a.npy")
		w.Write(raw)
		z.Close()
		if all, err := Decode(b.Bytes(), 1<<30, Want{"a", KindFloat32, 1 << 30, nil}); err == nil || !strings.Contains(err.Error(), `"a`) {
			t.Errorf("%s: want an error that names the array, got %v, %v", name, all, err)
		}
	}
	if _, err := Decode([]byte("PK"), 1<<30); err == nil {
		t.Error("no zip: want an error")
	}
}

// FuzzDecode: whatever the bytes of an array are, there is an error or as many
// values as the shape says.
func FuzzDecode(f *testing.F) {
	for _, shape := range []string{"(2,)", "()", "(-1,)", "(0, 99999999999999999999)", "(99999999, 99999999, 99999999)"} {
		f.Add([]byte("\x93NUMPY\x01\x00\x40\x00{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n\x00\x00\x80\x3f\x00\x00\x00\x00"))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, _ := z.Create("a.npy")
		w.Write(raw)
		z.Close()
		all, err := Decode(b.Bytes(), 1<<20, Want{"a", KindFloat32, 1 << 20, nil})
		if err != nil {
			return
		}
		n, a := 1, all["a"]
		for _, d := range a.Shape() {
			n *= d
		}
		if got := len(a.Float32s()) + len(a.Int32s()) + len(a.Uint8s()); got != n {
			t.Errorf("shape %v, but %d values", a.Shape(), got)
		}
	})
}
