// Package npz writes and reads NumPy's .npz files: a zip of .npy arrays (format
// 1.0, little-endian, C order), which numpy.load reads. It imports the standard
// library only.
//
// It stands in place of codeberg.org/sbinet/npyio v0.14.0, whose reader panics
// on malformed headers, allocates what a header promises before reading, and
// accepts trailing bytes and Fortran order without an error.
package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// Array is a named array.
type Array struct {
	name, kind string
	shape      []int
	data       any
	n          int
}

// Float32 is an array of float32 with the given shape.
func Float32(name string, x []float32, shape ...int) Array {
	return Array{name, KindFloat32, shape, x, len(x)}
}

// Int32 is an array of int32.
func Int32(name string, x []int32, shape ...int) Array {
	return Array{name, KindInt32, shape, x, len(x)}
}

// Uint8 is an array of bytes.
func Uint8(name string, x []uint8, shape ...int) Array {
	return Array{name, KindUint8, shape, x, len(x)}
}

// Encode returns the file. A size of -1 is what the data leave for it; a shape
// that does not fit the data is an error.
func Encode(arrays ...Array) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, a := range arrays {
		header, err := a.header()
		if err != nil {
			return nil, err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: a.name + ".npy", Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(header); err != nil {
			return nil, err
		}
		if err := binary.Write(w, binary.LittleEndian, a.data); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (a Array) header() ([]byte, error) {
	known, open := 1, -1
	dims := append([]int(nil), a.shape...)
	for i, d := range dims {
		if d < 0 {
			open = i
		} else {
			known *= d
		}
	}
	if open >= 0 && known > 0 {
		dims[open] = a.n / known
		known *= dims[open]
	}
	if known != a.n {
		return nil, fmt.Errorf("npz: array %q: want %v, got %d values", a.name, a.shape, a.n)
	}
	sizes := make([]string, len(dims))
	for i, d := range dims {
		sizes[i] = fmt.Sprintf("%d,", d)
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", a.kind, strings.Join(sizes, " "))
	const prefix = 10 // magic, version, length
	pad := 64 - (prefix+len(text)+1)%64
	text += strings.Repeat(" ", pad%64) + "\n"
	h := append([]byte("\x93NUMPY\x01\x00"), byte(len(text)), byte(len(text)>>8))
	return append(h, text...), nil
}
