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

// Kinds of values, as NumPy writes them.
const (
	KindFloat32 = "<f4"
	KindInt32   = "<i4"
	KindUint8   = "|u1"
)

var kindSizes = map[string]int{KindFloat32: 4, KindInt32: 4, KindUint8: 1}

// Want is an array that a reader expects: its name, the kind of its values, the
// largest number of rows and the sizes of a row, none for an array of one
// dimension.
type Want struct {
	Name, Kind string
	Rows       int
	Row        []int
}

var headerForm = regexp.MustCompile(`^\{'descr': '([^']*)', 'fortran_order': (False|True), 'shape': \(([0-9, ]*)\), ?\}\s*$`)

// Decode reads a file as Encode and numpy.savez write it, of the arrays of want,
// each once and no others, of at most most bytes together. A file of another
// content is refused by its headers: a few bytes can stand for gigabytes. Without
// want any arrays are read.
func Decode(raw []byte, most int64, want ...Want) (map[string]Array, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("npz: want a zip of arrays: %w", err)
	}
	if len(want) > 0 && len(z.File) != len(want) {
		return nil, fmt.Errorf("npz: want %d arrays, got %d", len(want), len(z.File))
	}
	all := map[string]Array{}
	left := most
	for pass := range 2 { // headers of all, then values
		for _, f := range z.File {
			a, err := decodeFile(f, want, pass > 0)
			if err != nil {
				return nil, fmt.Errorf("npz: array %.40q: %w", f.Name, err)
			}
			if _, twice := all[a.name]; twice && pass == 0 {
				return nil, fmt.Errorf("npz: array %q: want it once, got it twice", a.name)
			}
			if pass == 0 {
				left -= int64(a.n) * int64(kindSizes[a.kind])
			}
			if left < 0 {
				return nil, fmt.Errorf("npz: array %q: want at most %d bytes of values in all, got more", a.name, most)
			}
			all[a.name] = a
		}
	}
	return all, nil
}

// decodeFile reads the header of one array, which one of want must admit, and its
// values if they are wanted.
func decodeFile(f *zip.File, want []Want, values bool) (Array, error) {
	name := strings.TrimSuffix(f.Name, ".npy")
	i := slices.IndexFunc(want, func(w Want) bool { return w.Name == name })
	if i < 0 && len(want) > 0 {
		return Array{}, fmt.Errorf("want one of %s", names(want))
	}
	r, err := f.Open()
	if err != nil {
		return Array{}, err
	}
	defer r.Close()
	a, err := readHeader(r)
	if err == nil && i >= 0 {
		err = want[i].admits(a)
	}
	if err == nil && values {
		err = a.readValues(r)
	}
	a.name = name
	return a, err
}

func names(want []Want) string {
	all := make([]string, len(want))
	for i, w := range want {
		all[i] = w.Name
	}
	return strings.Join(all, ", ")
}

// admits refuses an array of another kind or shape.
func (w Want) admits(a Array) error {
	if a.kind == w.Kind && len(a.shape) == 1+len(w.Row) && a.shape[0] <= w.Rows && slices.Equal(a.shape[1:], w.Row) {
		return nil
	}
	return fmt.Errorf("want values %s of shape [0..%d%s], got %s of %v", w.Kind, w.Rows, strings.TrimSuffix(" "+strings.Trim(fmt.Sprint(w.Row), "[]"), " "), a.kind, a.shape)
}

// readValues reads the values, of as many bytes as the header says.
func (a *Array) readValues(r io.Reader) error {
	const first = 1 << 16   // values that are made room for before they come
	var read func(b []byte) // a part of the values
	switch a.kind {
	case KindFloat32:
		x := make([]float32, 0, min(a.n, first))
		read = func(b []byte) {
			for ; len(b) > 0; b = b[4:] {
				x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(b)))
			}
			a.data = x
		}
	case KindInt32:
		x := make([]int32, 0, min(a.n, first))
		read = func(b []byte) {
			for ; len(b) > 0; b = b[4:] {
				x = append(x, int32(binary.LittleEndian.Uint32(b)))
			}
			a.data = x
		}
	default:
		x := make([]uint8, 0, min(a.n, first))
		read = func(b []byte) { x = append(x, b...); a.data = x }
	}
	read(nil)
	total := a.n * kindSizes[a.kind]
	part := make([]byte, 1<<16)
	for at := 0; at < total; at += len(part) {
		part = part[:min(len(part), total-at)]
		if n, err := io.ReadFull(r, part); err != nil {
			return fmt.Errorf("want %d bytes of values, got %d: %w", total, at+n, err)
		}
		read(part)
	}
	if n, err := io.ReadFull(r, part[:1]); n > 0 || err != io.EOF { // the end is where the checksum is compared
		return fmt.Errorf("want %d bytes of values and no more: %w", total, err)
	}
	return nil
}

// readHeader reads up to the values: a magic, a version, the size of a Python
// dictionary, and that.
func readHeader(r io.Reader) (Array, error) {
	return readHeaderOf(r, func(kind string) int { return kindSizes[kind] })
}

// readHeaderOf is readHeader of an array whose kind of values has a size; that of
// others is 0.
func readHeaderOf(r io.Reader, size func(kind string) int) (a Array, err error) {
	var head [10]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return a, fmt.Errorf("want a header: %w", err)
	}
	if string(head[:7]) != "\x93NUMPY\x01" {
		return a, fmt.Errorf("want an .npy array of format 1, got %q", head[:8])
	}
	text := make([]byte, binary.LittleEndian.Uint16(head[8:]))
	if _, err := io.ReadFull(r, text); err != nil {
		return a, fmt.Errorf("want a header of %d bytes: %w", len(text), err)
	}
	m := headerForm.FindStringSubmatch(string(text))
	if m == nil || m[2] == "True" {
		return a, fmt.Errorf("want the header of an array in C order, got %.80q", text)
	}
	a.kind, a.n = m[1], 1
	if size(a.kind) == 0 {
		return a, fmt.Errorf("want values <f4, <i4 or |u1, got %.20q", a.kind)
	}
	const most = 1 << 40
	for _, d := range strings.FieldsFunc(m[3], func(r rune) bool { return r == ',' || r == ' ' }) {
		v, err := strconv.Atoi(d)
		if err != nil || v > 0 && a.n > most/v {
			return a, fmt.Errorf("want at most %d values, got the shape (%.80s)", most, m[3])
		}
		a.shape, a.n = append(a.shape, v), a.n*v
	}
	return a, nil
}
