package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Shape is the sizes of a.
func (a Array) Shape() []int { return slices.Clone(a.shape) }

// Float32s are the values of an array of float32, nil of any other.
func (a Array) Float32s() []float32 { x, _ := a.data.([]float32); return x }

// Int32s are the values of an array of int32, nil of any other.
func (a Array) Int32s() []int32 { x, _ := a.data.([]int32); return x }

// Uint8s are the values of an array of bytes, nil of any other.
func (a Array) Uint8s() []uint8 { x, _ := a.data.([]uint8); return x }

// maxBytes of one array: a corrupt file must not ask for all memory.
const maxBytes = 4 << 30

var headerForm = regexp.MustCompile(`^\{'descr': '([^']*)', 'fortran_order': (False|True), 'shape': \(([0-9, ]*)\), ?\}\s*$`)

// Decode reads a file as Encode and numpy.savez write it, of arrays of float32,
// int32 and bytes in C order.
func Decode(raw []byte) (map[string]Array, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("npz: want a zip of arrays: %w", err)
	}
	all := map[string]Array{}
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("npz: array %q: %w", name, err)
		}
		a, err := decode(r)
		r.Close()
		if err != nil {
			return nil, fmt.Errorf("npz: array %q: %w", name, err)
		}
		a.name = name
		all[name] = a
	}
	return all, nil
}

func decode(r io.Reader) (Array, error) {
	a, size, err := readHeader(r)
	if err != nil {
		return a, err
	}
	// Read what is there before making room for what the header promises.
	raw, err := io.ReadAll(io.LimitReader(r, int64(a.n*size)+1))
	if err != nil {
		return a, err
	}
	if len(raw) != a.n*size {
		return a, fmt.Errorf("want %d bytes of values, got %d", a.n*size, len(raw))
	}
	switch a.kind {
	case "<f4":
		x := make([]float32, a.n)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		a.data = x
	case "<i4":
		x := make([]int32, a.n)
		for i := range x {
			x[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		a.data = x
	default:
		a.data = raw
	}
	return a, nil
}

// readHeader reads up to the values: a magic, a version, the size of a Python
// dictionary, and that. size is the number of bytes of one value.
func readHeader(r io.Reader) (a Array, size int, err error) {
	var head [10]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return a, 0, fmt.Errorf("want a header: %w", err)
	}
	if string(head[:7]) != "\x93NUMPY\x01" {
		return a, 0, fmt.Errorf("want an .npy array of format 1, got %q", head[:8])
	}
	text := make([]byte, binary.LittleEndian.Uint16(head[8:]))
	if _, err := io.ReadFull(r, text); err != nil {
		return a, 0, fmt.Errorf("want a header of %d bytes: %w", len(text), err)
	}
	m := headerForm.FindStringSubmatch(string(text))
	if m == nil || m[2] == "True" {
		return a, 0, fmt.Errorf("want the header of an array in C order, got %.80q", text)
	}
	a.kind, a.n = m[1], 1
	if size = map[string]int{"<f4": 4, "<i4": 4, "|u1": 1}[a.kind]; size == 0 {
		return a, 0, fmt.Errorf("want values <f4, <i4 or |u1, got %q", a.kind)
	}
	for _, d := range strings.FieldsFunc(m[3], func(r rune) bool { return r == ',' || r == ' ' }) {
		v, err := strconv.Atoi(d)
		if err != nil || v > 0 && a.n > maxBytes/size/v {
			return a, 0, fmt.Errorf("want an array of at most %d bytes, got the shape (%s)", maxBytes, m[3])
		}
		a.shape, a.n = append(a.shape, v), a.n*v
	}
	return a, size, nil
}
