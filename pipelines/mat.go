package pipelines

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// The binary matrix format of smallNORB (cs.nyu.edu/~ylclab/data/norb-v1.0-small): little-endian
// words for magic, number of dimensions and dimensions, of which at least three are written, then
// the values, last dimension fastest.
const (
	matBytes  = 0x1E3D4C55
	matInts   = 0x1E3D4C54
	matPacked = 0x1E3D4C52 // "packed" and the floats are kinds that smallNORB does not use
	matFloat  = 0x1E3D4C51
	matDouble = 0x1E3D4C53
	matShort  = 0x1E3D4C56
)

var matKinds = map[uint32]string{
	matBytes: "8-bit values", matInts: "32-bit integers", matPacked: "packed values",
	matFloat: "float32 values", matDouble: "float64 values", matShort: "16-bit integers",
}

// matMost is the most that a dimension may be.
const matMost = 1<<31 - 1

// mat reads one .mat file.
type mat struct {
	*fileReader
	dims []int
}

// readMat reads the header of a file of the given kind, whose dimensions must be as many as want has
// and equal to those of want that are not 0.
func readMat(r *fileReader, kind uint32, want ...int) (*mat, error) {
	var b [4]byte
	what := fmt.Sprintf("%s (magic 0x%08x)", matKinds[kind], kind)
	word := func(what string) (uint32, error) {
		if err := r.readFull(b[:], what); err != nil {
			return 0, err
		}
		r.at -= 4
		return binary.LittleEndian.Uint32(b[:]), nil
	}
	magic, err := word(what)
	if err != nil {
		return nil, err
	}
	if magic != kind {
		got, do := fmt.Sprintf("magic 0x%08x", magic), "this is no such .mat file, fetch it again"
		if k := matKinds[magic]; k != "" {
			got, do = fmt.Sprintf("%s (magic 0x%08x)", k, magic), "the parts dat, cat and info are mixed up, rename them"
		}
		return nil, r.fail(what, got, do, nil)
	}
	r.at += 4
	rank, err := word("a number of dimensions")
	if err != nil {
		return nil, err
	}
	if int64(rank) != int64(len(want)) {
		return nil, r.fail(fmt.Sprintf("%d dimensions", len(want)), fmt.Sprint(rank), "this is another part of the set, or the header is wrong", nil)
	}
	r.at += 4
	m := &mat{fileReader: r}
	for i := range max(3, len(want)) {
		n, err := word(fmt.Sprintf("%d dimensions", max(3, len(want))))
		if err != nil {
			return nil, err
		}
		if i < len(want) {
			if n < 1 || n > matMost || want[i] != 0 && int(n) != want[i] {
				return nil, r.fail(matWant(want[i]), fmt.Sprint(n), fmt.Sprintf("dimension %d is wrong: the parts do not belong together, or this is another one", i+1), nil)
			}
			m.dims = append(m.dims, int(n))
		}
		r.at += 4
	}
	return m, m.checkRoom(kind)
}

func matWant(n int) string {
	if n == 0 {
		return fmt.Sprintf("a dimension in 1..%d", matMost)
	}
	return fmt.Sprintf("a dimension of %d", n)
}

// checkRoom refuses a header that promises more than the file can hold, before memory is made for it.
func (m *mat) checkRoom(kind uint32) error {
	total := uint64(1)
	if kind == matInts {
		total = 4
	}
	for _, d := range m.dims {
		high, low := bits.Mul64(total, uint64(d))
		if total = low; high > 0 {
			total = 1 << 63
		}
	}
	room := m.room
	if !m.zipped {
		room -= min(room, uint64(m.at))
	}
	if total > room {
		return m.fail(fmt.Sprintf("%s values", formatProduct(m.dims)), fmt.Sprintf("a file that holds at most %d bytes", room), "the file is truncated or its header is wrong, fetch it again", nil)
	}
	return nil
}

// readInts reads all values of a file of integers.
func (m *mat) readInts() ([]int32, error) {
	n := 1
	for _, d := range m.dims {
		n *= d
	}
	raw, err := m.readBody(4 * n)
	if err != nil {
		return nil, err
	}
	values := make([]int32, n)
	for i := range values {
		values[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return values, m.expectEnd()
}

// readRecords reads a file of bytes record by record, a record being all dimensions but the first, and
// hands each to use, which must not keep it.
func (m *mat) readRecords(use func(i int, record []uint8)) error {
	size := 1
	for _, d := range m.dims[1:] {
		size *= d
	}
	record := make([]uint8, size)
	for i := range m.dims[0] {
		if err := m.readFull(record, fmt.Sprintf("%d records of %d bytes", m.dims[0], size)); err != nil {
			return err
		}
		use(i, record)
	}
	return m.expectEnd()
}
