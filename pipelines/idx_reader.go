package pipelines

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// Limits on an IDX header, beyond any file this project reads.
const (
	maxIDXSide     = 1 << 14
	maxIDXChannels = 1 << 10
)

// idxTypes are the value types that the format knows, by the third byte of a file.
var idxTypes = map[byte]string{
	0x08: "uint8", 0x09: "int8", 0x0b: "int16", 0x0c: "int32", 0x0d: "float32", 0x0e: "float64",
}

// idx is the content of an IDX file of bytes.
type idx struct {
	dims []int
	data []uint8
}

// idxKind says what an IDX file should hold.
type idxKind int

const (
	images idxKind = iota
	labels
)

func (k idxKind) String() string {
	if k == images {
		return "8-bit images (magic 0x00000803 or 0x00000804)"
	}
	return "8-bit labels (magic 0x00000801)"
}

// idxHeader is the length of a header with so many dimensions.
func idxHeader(rank int) int { return 4 + 4*rank }

// readIDXFile reads one file, the values once accept has seen the dimensions.
func readIDXFile(path string, kind idxKind, accept func(dims []int) error) (idx, error) {
	f, size, err := openFile(path)
	if err != nil {
		return idx{}, err
	}
	defer f.Close()
	return readIDX(path, f, size, kind, accept)
}

// readIDX reads an IDX file of size bytes. It allocates no more than the file can hold.
func readIDX(path string, file io.Reader, size int64, kind idxKind, accept func(dims []int) error) (idx, error) {
	r, err := newFileReader(path, file, size)
	if err != nil {
		return idx{}, err
	}
	return (&idxReader{r, kind}).read(accept)
}

// idxReader reads one IDX file.
type idxReader struct {
	*fileReader
	kind idxKind
}

func (r *idxReader) read(accept func(dims []int) error) (idx, error) {
	rank, err := r.readMagic()
	if err != nil {
		return idx{}, err
	}
	dims, total, err := r.readDims(rank)
	if err != nil {
		return idx{}, err
	}
	if err := accept(dims); err != nil {
		return idx{}, err
	}
	data, err := r.readBody(total)
	if err != nil {
		return idx{}, err
	}
	return idx{dims, data}, r.expectEnd()
}

// readMagic reads the first four bytes and returns the rank.
func (r *idxReader) readMagic() (int, error) {
	var b [4]byte
	if err := r.readFull(b[:], r.kind.String()); err != nil {
		return 0, err
	}
	r.at = 0
	got := fmt.Sprintf("magic 0x%08x", binary.BigEndian.Uint32(b[:]))
	if b[0] != 0 || b[1] != 0 || idxTypes[b[2]] == "" {
		if b[0] == '<' {
			got += ", which looks like a web page"
		}
		return 0, r.fail(r.kind.String(), got, "this is no IDX file, fetch it again", nil)
	}
	if b[2] != 0x08 {
		return 0, r.fail(r.kind.String(), idxTypes[b[2]]+" values ("+got+")", "convert them to 8 bits", nil)
	}
	rank := int(b[3])
	switch {
	case r.kind == images && (rank == 3 || rank == 4), r.kind == labels && rank == 1:
		r.at = 4
		return rank, nil
	case r.kind == images && rank == 1:
		return 0, r.fail(r.kind.String(), "labels ("+got+")", "the files are swapped, rename them", nil)
	case r.kind == labels && (rank == 3 || rank == 4):
		return 0, r.fail(r.kind.String(), "images ("+got+")", "the files are swapped, rename them", nil)
	default:
		return 0, r.fail(r.kind.String(), fmt.Sprintf("%d dimensions (%s)", rank, got), "use a file of that kind", nil)
	}
}

// readDims reads the dimensions, count first, and their product.
func (r *idxReader) readDims(rank int) ([]int, int, error) {
	b := make([]byte, 4*rank)
	if err := r.readFull(b, fmt.Sprintf("%d dimensions", rank)); err != nil {
		return nil, 0, err
	}
	at := r.at
	dims := make([]int, rank)
	total := uint64(1)
	for i := range dims {
		r.at = 4 + 4*i
		d := binary.BigEndian.Uint32(b[4*i:])
		dims[i] = int(d)
		name, most := "examples", uint32(1<<31-1)
		switch {
		case i == 3:
			name, most = "channels", maxIDXChannels
		case i > 0:
			name, most = "pixels a side", maxIDXSide
		}
		if d < 1 || d > most {
			return nil, 0, r.fail(fmt.Sprintf("1..%d %s", most, name), fmt.Sprint(d), "the header is wrong, fetch the file again", nil)
		}
		high, low := bits.Mul64(total, uint64(d))
		if total = low; high > 0 {
			total = 1 << 63
		}
	}
	r.at = at
	room := r.room
	if !r.zipped {
		room -= min(room, uint64(at))
	}
	if total > room {
		return nil, 0, r.fail(fmt.Sprintf("%s bytes of values", formatProduct(dims)), fmt.Sprintf("a file that holds at most %d", room),
			"the file is truncated or its header is wrong, fetch it again", nil)
	}
	return dims, int(total), nil
}
