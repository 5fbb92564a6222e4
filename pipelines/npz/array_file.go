package npz

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// File is an .npy file of which parts are read: what it takes in memory does not
// depend on its size.
type File struct {
	file  *os.File
	array Array
	row   int // values of a row
	start int64
}

// Kinds of whole numbers that [File.Int64s] reads besides [KindInt32] and
// [KindUint8].
const (
	kindInt64 = "<i8"
	kindInt8  = "|i1"
	kindInt16 = "<i2"
)

var wholeSizes = map[string]int{KindUint8: 1, kindInt8: 1, kindInt16: 2, KindInt32: 4, kindInt64: 8}

// OpenFile opens an .npy file in C order. A file that is shorter or longer than
// its header says is refused.
func OpenFile(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{file: file, row: 1}
	if err := f.read(); err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

func (f *File) read() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("want a regular file")
	}
	if f.array, err = readHeaderOf(f.file, f.size); err != nil {
		return err
	}
	if f.start, err = f.file.Seek(0, io.SeekCurrent); err != nil {
		return err
	}
	if len(f.array.shape) == 0 {
		return fmt.Errorf("want an array of one dimension or more, got a number")
	}
	for _, d := range f.array.shape[1:] {
		f.row *= d
	}
	if want := f.start + int64(f.array.n)*int64(f.size(f.array.kind)); info.Size() != want {
		return fmt.Errorf("want a file of %d bytes, as its header of %s %s says, got %d", want, f.array.kind, formatShape(f.array.shape), info.Size())
	}
	return nil
}

// size is that of a value of a kind, 0 of an unknown one.
func (f *File) size(kind string) int { return max(kindSizes[kind], wholeSizes[kind]) }

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Shape is the sizes of the array.
func (f *File) Shape() []int { return slices.Clone(f.array.shape) }

// Kind is that of the values, as NumPy writes it.
func (f *File) Kind() string { return f.array.kind }

// Rows is the first of the sizes.
func (f *File) Rows() int { return f.array.shape[0] }

// readRows reads n rows from row from on, as bytes.
func (f *File) readRows(from, n int) ([]byte, error) {
	if from < 0 || n < 0 || from > f.Rows()-n {
		return nil, fmt.Errorf("want rows of %d, got %d to %d", f.Rows(), from, from+n)
	}
	size := f.row * f.size(f.array.kind)
	raw := make([]byte, n*size)
	if _, err := f.file.ReadAt(raw, f.start+int64(from)*int64(size)); err != nil {
		return nil, fmt.Errorf("rows %d to %d: %w", from, from+n, err)
	}
	return raw, nil
}

// Uint8s reads n rows of bytes from row from on.
func (f *File) Uint8s(from, n int) ([]uint8, error) {
	if f.array.kind != KindUint8 {
		return nil, fmt.Errorf("want values %s, got %s", KindUint8, f.array.kind)
	}
	return f.readRows(from, n)
}

// Int64s reads n rows of whole numbers, of any size, from row from on.
func (f *File) Int64s(from, n int) ([]int64, error) {
	size := wholeSizes[f.array.kind]
	if size == 0 {
		return nil, fmt.Errorf("want whole numbers, got %s", f.array.kind)
	}
	raw, err := f.readRows(from, n)
	if err != nil {
		return nil, err
	}
	out := make([]int64, 0, len(raw)/size)
	for ; len(raw) > 0; raw = raw[size:] {
		switch f.array.kind {
		case KindUint8:
			out = append(out, int64(raw[0]))
		case kindInt8:
			out = append(out, int64(int8(raw[0])))
		case kindInt16:
			out = append(out, int64(int16(binary.LittleEndian.Uint16(raw))))
		case KindInt32:
			out = append(out, int64(int32(binary.LittleEndian.Uint32(raw))))
		default:
			out = append(out, int64(binary.LittleEndian.Uint64(raw)))
		}
	}
	return out, nil
}

// formatShape writes sizes as NumPy does.
func formatShape(shape []int) string {
	words := make([]string, len(shape))
	for i, d := range shape {
		words[i] = strconv.Itoa(d)
	}
	return "(" + strings.Join(words, ", ") + ")"
}
