package pipelines

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// OpenIDX reads a pair of IDX files (yann.lecun.com/exdb/mnist), plain or gzip whatever their names:
// 8-bit images of rank 3 [N,H,W] or 4 [N,H,W,C], and as many 8-bit labels. classes is the number of
// classes; 0 means one more than the highest label. The set is held in memory.
func OpenIDX(name, images, labels string, classes int) (Source, error) {
	m, err := readPair(name, images, labels)
	if err != nil {
		return nil, err
	}
	m.classes = classes
	if classes == 0 {
		m.classes = m.highest() + 1
	}
	if err := m.checkLabels(labels); err != nil {
		return nil, err
	}
	return m, nil
}

// openIDX reads the training and the test part of a folder at once. If classes is 0 the highest
// label of either part decides.
func openIDX(folder, name string, classes int) (train, test Source, err error) {
	if folder == "" {
		return nil, nil, fmt.Errorf("pipelines: data: want path, the folder of the %s files, got none: set path", name)
	}
	parts := [2]struct {
		name, prefix, labels string
		set                  *memory
		err                  error
	}{{name: name + "/train", prefix: "train"}, {name: name + "/test", prefix: "t10k"}}
	done := make(chan struct{})
	for i := range parts {
		go func() {
			defer func() { done <- struct{}{} }()
			p := &parts[i]
			var images string
			if images, p.err = findIDX(folder, p.prefix, "images", 3); p.err != nil {
				return
			}
			if p.labels, p.err = findIDX(folder, p.prefix, "labels", 1); p.err != nil {
				return
			}
			p.set, p.err = readPair(p.name, images, p.labels)
		}()
	}
	for range parts {
		<-done
	}
	for _, p := range parts {
		if p.err != nil {
			return nil, nil, p.err
		}
	}
	a, b := parts[0], parts[1]
	if a.set.shape != b.set.shape {
		return nil, nil, fmt.Errorf("pipelines: %s: want training and test images of one shape, got %v and %v: check the files", shown(folder), a.set.shape, b.set.shape)
	}
	if classes == 0 {
		classes = max(a.set.highest(), b.set.highest()) + 1
	}
	for _, p := range parts {
		p.set.classes = classes
		if err := p.set.checkLabels(p.labels); err != nil {
			return nil, nil, err
		}
	}
	return a.set, b.set, nil
}

// findIDX is the path of a file under either of its usual names, plain or .gz.
func findIDX(folder, prefix, what string, rank int) (string, error) {
	var names []string
	for _, dot := range []string{"-", "."} {
		for _, gz := range []string{"", ".gz"} {
			name := fmt.Sprintf("%s-%s%sidx%d-ubyte%s", prefix, what, dot, rank, gz)
			path := filepath.Join(folder, name)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			} else if !errors.Is(err, os.ErrNotExist) {
				return "", unreadable(shown(path), err, checkPath)
			}
			names = append(names, name)
		}
	}
	return "", fmt.Errorf("pipelines: %s: want one of %s, got none of them: set path to the folder that has it", shown(folder), strings.Join(names, ", "))
}

// readPair reads images and labels and checks that they belong together.
func readPair(name, imagePath, labelPath string) (*memory, error) {
	images, err := readIDXFile(imagePath, images)
	if err != nil {
		return nil, err
	}
	labels, err := readIDXFile(labelPath, labels)
	if err != nil {
		return nil, err
	}
	if a, b := images.dims[0], labels.dims[0]; a != b {
		return nil, fmt.Errorf("pipelines: %s: at byte 4: want %d labels, one for each image of %s, got %d: use files of one set", shown(labelPath), a, shown(imagePath), b)
	}
	m := &memory{name: name, shape: Shape{images.dims[1], images.dims[2], 1}, pixels: images.data, labels: make([]int32, len(labels.data))}
	for i, l := range labels.data {
		m.labels[i] = int32(l)
	}
	if len(images.dims) == 4 {
		m.shape.C = images.dims[3]
	}
	return m, nil
}

// highest is the highest label.
func (m *memory) highest() int {
	return int(slices.Max(m.labels))
}

// checkLabels refuses labels that are no class, naming their place in the file.
func (m *memory) checkLabels(path string) error {
	for i, l := range m.labels {
		if int(l) >= m.classes {
			return fmt.Errorf("pipelines: %s: at byte %d (label %d, uncompressed): want a label in 0..%d, got %d: mend the file or set classes",
				shown(path), idxHeader(1)+i, i, m.classes-1, l)
		}
	}
	return nil
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

// readIDXFile reads one file.
func readIDXFile(path string, kind idxKind) (idx, error) {
	f, size, err := openFile(path)
	if err != nil {
		return idx{}, err
	}
	defer f.Close()
	return readIDX(path, f, size, kind)
}

// readIDX reads an IDX file of size bytes. It allocates no more than the file can hold.
func readIDX(path string, file io.Reader, size int64, kind idxKind) (idx, error) {
	r, err := newFileReader(path, file, size)
	if err != nil {
		return idx{}, err
	}
	return (&idxReader{r, kind}).read()
}

// idxReader reads one IDX file.
type idxReader struct {
	*fileReader
	kind idxKind
}

func (r *idxReader) read() (idx, error) {
	rank, err := r.magic()
	if err != nil {
		return idx{}, err
	}
	dims, total, err := r.dims(rank)
	if err != nil {
		return idx{}, err
	}
	data, err := r.body(total)
	if err != nil {
		return idx{}, err
	}
	return idx{dims, data}, r.end()
}

// magic reads the first four bytes and returns the rank.
func (r *idxReader) magic() (int, error) {
	var b [4]byte
	if err := r.full(b[:], r.kind.String()); err != nil {
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

// dims reads the dimensions, count first, and their product.
func (r *idxReader) dims(rank int) ([]int, int, error) {
	b := make([]byte, 4*rank)
	if err := r.full(b, fmt.Sprintf("%d dimensions", rank)); err != nil {
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
		return nil, 0, r.fail(fmt.Sprintf("%s bytes of values", product(dims)), fmt.Sprintf("a file that holds at most %d", room),
			"the file is truncated or its header is wrong, fetch it again", nil)
	}
	return dims, int(total), nil
}
