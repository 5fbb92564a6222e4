package npz

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// Numbers are the values of an array of any kind of numbers, read one after the
// other: what they take in memory does not depend on the size of the array.
type Numbers struct {
	array Array
	from  io.Reader
	done  int
	close []io.Closer
	raw   []byte
}

// Kinds that [Numbers] reads besides those of [File].
const (
	kindBool    = "|b1"
	kindUint16  = "<u2"
	kindUint32  = "<u4"
	kindUint64  = "<u8"
	kindFloat16 = "<f2"
	kindFloat64 = "<f8"
)

var numberSizes = map[string]int{
	kindBool: 1, KindUint8: 1, kindInt8: 1, kindInt16: 2, kindUint16: 2, kindFloat16: 2, KindInt32: 4, kindUint32: 4, KindFloat32: 4, kindInt64: 8, kindUint64: 8, kindFloat64: 8,
}

// Names lists the arrays of an .npz file, sorted.
func Names(path string) ([]string, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, zipError(err)
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		names = append(names, strings.TrimSuffix(f.Name, ".npy"))
	}
	slices.Sort(names)
	return names, nil
}

// zipError words the error of a file that is no archive.
func zipError(err error) error {
	if errors.Is(err, zip.ErrFormat) {
		return errors.New("want an .npz file, a zip of arrays, got another kind of file or a damaged one")
	}
	return err
}

// OpenNumbers opens the array called name of an .npz file, or with name "" an .npy
// file.
func OpenNumbers(path, name string) (*Numbers, error) {
	n := &Numbers{}
	err := n.open(path, name)
	if err == nil {
		n.array, err = readHeaderOf(n.from, func(kind string) int { return numberSizes[kind] })
	}
	if err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (n *Numbers) open(path, name string) error {
	if name == "" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		n.from, n.close = f, append(n.close, f)
		return nil
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		return zipError(err)
	}
	n.close = append(n.close, z)
	i := slices.IndexFunc(z.File, func(f *zip.File) bool { return strings.TrimSuffix(f.Name, ".npy") == name })
	if i < 0 {
		return fmt.Errorf("want an array %q, got none", name)
	}
	r, err := z.File[i].Open()
	if err != nil {
		return err
	}
	n.from, n.close = r, append(n.close, r)
	return nil
}

// Close closes the file.
func (n *Numbers) Close() error {
	var errs []error
	for _, c := range slices.Backward(n.close) {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Shape is the sizes of the array.
func (n *Numbers) Shape() []int { return slices.Clone(n.array.shape) }

// Kind is that of the values, as NumPy writes it.
func (n *Numbers) Kind() string { return n.array.kind }

// IsFloat tells whether the values are no whole numbers by their kind.
func (n *Numbers) IsFloat() bool { return strings.Contains(n.array.kind, "f") }

// Read reads the next values into dst.
func (n *Numbers) Read(dst []float64) error {
	if len(dst) > n.array.n-n.done {
		return fmt.Errorf("want %d values, got %d", n.done+len(dst), n.array.n)
	}
	size := numberSizes[n.array.kind]
	if len(n.raw) < len(dst)*size {
		n.raw = make([]byte, len(dst)*size)
	}
	raw := n.raw[:len(dst)*size]
	if got, err := io.ReadFull(n.from, raw); err != nil {
		return fmt.Errorf("want %d bytes of values, got %d: the file is cut", n.array.n*size, n.done*size+got)
	}
	n.done += len(dst)
	number := numberOf[n.array.kind]
	for i := range dst {
		dst[i] = number(raw[i*size:])
	}
	return nil
}

// Skip passes over the next n values.
func (n *Numbers) Skip(count int) error {
	if count > n.array.n-n.done {
		return fmt.Errorf("want %d values, got %d", n.done+count, n.array.n)
	}
	size := int64(numberSizes[n.array.kind])
	if got, err := io.CopyN(io.Discard, n.from, int64(count)*size); err != nil {
		return fmt.Errorf("want %d bytes of values, got %d: the file is cut", int64(n.array.n)*size, int64(n.done)*size+got)
	}
	n.done += count
	return nil
}

// numberOf reads a value of each kind.
var numberOf = map[string]func(b []byte) float64{
	kindBool:    func(b []byte) float64 { return float64(b[0]) },
	KindUint8:   func(b []byte) float64 { return float64(b[0]) },
	kindInt8:    func(b []byte) float64 { return float64(int8(b[0])) },
	kindInt16:   func(b []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(b))) },
	kindUint16:  func(b []byte) float64 { return float64(binary.LittleEndian.Uint16(b)) },
	kindFloat16: func(b []byte) float64 { return half(binary.LittleEndian.Uint16(b)) },
	KindInt32:   func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) },
	kindUint32:  func(b []byte) float64 { return float64(binary.LittleEndian.Uint32(b)) },
	KindFloat32: func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) },
	kindInt64:   func(b []byte) float64 { return float64(int64(binary.LittleEndian.Uint64(b))) },
	kindUint64:  func(b []byte) float64 { return float64(binary.LittleEndian.Uint64(b)) },
	kindFloat64: func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) },
}

// half is the number of an IEEE half.
func half(bits uint16) float64 {
	sign := 1.
	if bits&0x8000 != 0 {
		sign = -1
	}
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}
