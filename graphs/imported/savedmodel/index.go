package savedmodel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	typespb "github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	pb "github.com/wamuir/graft/tensorflow/core/protobuf/for_core_protos_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs/memory"
)

// Names below the folder of a SavedModel.
const (
	variablesDir = "variables"
	dataPrefix   = "variables"
)

// entry is what the index of a checkpoint says of a tensor.
type entry struct {
	dtype typespb.DataType
	shape []int64
}

// index lists the tensors of a checkpoint, as its file .index has them: a table of
// LevelDB's format without compression.
type index struct {
	entries map[string]entry
	bytes   int64 // of all data files
	files   []string
}

// readIndex reads the index in the folder variables of a SavedModel. A model
// without variables has none.
func readIndex(dir string) (*index, error) {
	x := &index{entries: map[string]entry{}}
	path := filepath.Join(dir, variablesDir, dataPrefix+".index")
	raw, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, os.ErrNotExist) {
		return x, nil
	}
	if err == nil {
		x.files = append(x.files, path)
		err = x.readTable(raw)
	}
	if err == nil {
		err = x.measure(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%s/%s.index: %w", variablesDir, dataPrefix, err)
	}
	return x, nil
}

// measure adds up the sizes of the data files, and refuses tensors that they
// cannot hold.
func (x *index) measure(dir string) error {
	data, err := filepath.Glob(filepath.Join(escapeGlob(dir), variablesDir, dataPrefix+".data-*"))
	if err != nil {
		return err
	}
	for _, path := range data {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		x.bytes += info.Size()
		x.files = append(x.files, path)
	}
	for name, e := range x.entries {
		if n := size(e.shape, math.MaxInt32); n < 0 || n*width(e.dtype) > x.bytes {
			return fmt.Errorf("variable %.60q: want values that the data files of %s hold, got shape %v: a file is missing or cut", name, memory.Format(uint64(x.bytes)), e.shape)
		}
	}
	return nil
}

// escapeGlob makes a path that stands for itself in a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// width is the number of bytes of a value in a checkpoint, at least.
func width(t typespb.DataType) int64 {
	switch t {
	case typespb.DataType_DT_DOUBLE, typespb.DataType_DT_INT64, typespb.DataType_DT_UINT64:
		return 8
	case typespb.DataType_DT_FLOAT, typespb.DataType_DT_INT32, typespb.DataType_DT_UINT32:
		return 4
	case typespb.DataType_DT_HALF, typespb.DataType_DT_BFLOAT16, typespb.DataType_DT_INT16, typespb.DataType_DT_UINT16:
		return 2
	}
	return 1
}

var errIndex = errors.New("want the index of a checkpoint, got a file that is damaged")

const (
	footerSize = 48
	tableMagic = 0xdb4775248b80fb57
)

// readTable reads the blocks that the table's last block lists.
func (x *index) readTable(raw []byte) error {
	if len(raw) < footerSize || binary.LittleEndian.Uint64(raw[len(raw)-8:]) != tableMagic {
		return errIndex
	}
	handles := raw[len(raw)-footerSize:]
	_, n, ok := blockAt(raw, handles)
	if !ok {
		return errIndex
	}
	blocks, _, ok := blockAt(raw, handles[n:])
	if !ok {
		return errIndex
	}
	return eachPair(blocks, func(_ string, handle []byte) error {
		block, _, ok := blockAt(raw, handle)
		if !ok {
			return errIndex
		}
		return eachPair(block, x.addEntry)
	})
}

// blockAt is the block that a handle (offset and size) names, and the size of the
// handle.
func blockAt(raw, handle []byte) (block []byte, n int, ok bool) {
	offset, a := binary.Uvarint(handle)
	if a <= 0 {
		return nil, 0, false
	}
	length, b := binary.Uvarint(handle[a:])
	if b <= 0 || offset > uint64(len(raw)) || length > uint64(len(raw))-offset || offset+length >= uint64(len(raw)) {
		return nil, 0, false
	}
	if raw[offset+length] != 0 { // the kind of compression
		return nil, 0, false
	}
	return raw[offset : offset+length], a + b, true
}

// eachPair visits the keys and values of a block. A key shares its beginning with
// the one before it.
func eachPair(block []byte, visit func(key string, value []byte) error) error {
	if len(block) < 4 {
		return errIndex
	}
	restarts := uint64(binary.LittleEndian.Uint32(block[len(block)-4:]))
	if 4*restarts+4 > uint64(len(block)) {
		return errIndex
	}
	block = block[:uint64(len(block))-4*restarts-4]
	key := ""
	for len(block) > 0 {
		var sizes [3]uint64
		for i := range sizes {
			v, n := binary.Uvarint(block)
			if n <= 0 {
				return errIndex
			}
			sizes[i], block = v, block[n:]
		}
		shared, own, length := sizes[0], sizes[1], sizes[2]
		if shared > uint64(len(key)) || own > uint64(len(block)) || length > uint64(len(block))-own || shared+own > maxKey {
			return errIndex
		}
		key = key[:shared] + string(block[:own])
		if err := visit(key, block[own:own+length]); err != nil {
			return err
		}
		block = block[own+length:]
	}
	return nil
}

// maxKey is the longest key of a table, far above real ones.
const maxKey = 1 << 16

func (x *index) addEntry(key string, value []byte) error {
	if key == "" {
		return nil // the header
	}
	var e pb.BundleEntryProto
	if err := proto.Unmarshal(value, &e); err != nil {
		return errIndex
	}
	if shape := shapeOf(e.GetShape()); shape != nil && !strings.HasPrefix(key, "\x00") {
		x.entries[key] = entry{e.GetDtype(), shape}
	}
	return nil
}
