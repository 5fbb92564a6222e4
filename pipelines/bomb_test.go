package pipelines

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// zipZeros is a gzip file of a head and n zeros.
func zipZeros(head []byte, n int64) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(head)
	io.Copy(z, io.LimitReader(zeros{}, n))
	z.Close()
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Small compressed files that stand for much more than a set may take are refused
// by what their headers say.
func TestCompressedBombs(t *testing.T) {
	const n = 40_000 // images of 28x28: 30 MB
	images, labels := "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
	for name, c := range map[string]struct {
		d      Data
		files  map[string][]byte
		change map[string][]byte
		want   string
	}{
		"images": {Data{Set: "mnist", Memory: 8}, mnistFiles("-", ""),
			map[string][]byte{images: zipZeros(file(8, []uint32{n, 28, 28}, nil), n*28*28)}, "mnist: want images of at most 8 MB in memory, got 30 MB with the 40000 images of 28x28x1: set data.memory to 30 or more"},
		"labels": {Data{Set: "idx"}, mnistFiles("-", ""),
			map[string][]byte{labels: zipZeros(file(8, []uint32{30 << 20}, nil), 30<<20)}, "train-labels-idx1-ubyte: at byte 4: want 6 labels"},
		"smallNORB categories": {Data{Set: "smallnorb"}, norbFiles(5, 5),
			map[string][]byte{norbTraining + "cat.mat": zipZeros(matrix(0x1E3D4C54, []uint32{8 << 20}, nil), 32<<20)}, "training-cat.mat: at byte 8 (uncompressed): want at most 1048576 examples, got 8388608"},
		"smallNORB images": {Data{Set: "smallnorb", Memory: 8}, norbFiles(5, 5),
			map[string][]byte{norbTraining + "dat.mat": zipZeros(matrix(0x1E3D4C55, []uint32{5, 2, 2000, 2000}, nil), 40<<20)}, "want images of at most 8 MB in memory, got 39 MB"},
	} {
		for file, raw := range c.change {
			c.files[file] = raw
		}
		c.d.Path = folder(t, c.files)
		var err error
		took := allocated(func() { _, err = Open(t.Context(), c.d) })
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 400 {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
		if took > 4<<20 {
			t.Errorf("%s: took %d bytes", name, took)
		}
	}
}

// claimed are image files of a few bytes that say they have w by h pixels.
func claimed(w, h uint16) map[string][]byte {
	header := binary.BigEndian.AppendUint32(nil, uint32(w))
	header = append(binary.BigEndian.AppendUint32(header, uint32(h)), 8, 2, 0, 0, 0)
	part := append([]byte("IHDR"), header...)
	png := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), part...)
	png = binary.BigEndian.AppendUint32(png, crc32.ChecksumIEEE(part))
	gif := append([]byte("GIF89a"), byte(w), byte(w>>8), byte(h), byte(h>>8), 0, 0, 0)
	gif = append(gif, ',', 0, 0, 0, 0, byte(w), byte(w>>8), byte(h), byte(h>>8), 0x80, 0, 0, 0, 255, 255, 255, 2, 1, 1, 0, ';')
	jpeg := append([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 16}, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...)
	jpeg = append(jpeg, 0xff, 0xc0, 0, 11, 8, byte(h>>8), byte(h), byte(w>>8), byte(w), 1, 1, 0x11, 0, 0xff, 0xd9)
	return map[string][]byte{"a.png": png, "a.gif": gif, "a.jpg": jpeg}
}

// An image file that is too short for the pixels it claims is refused before room
// is made for them.
func TestClaimedPixels(t *testing.T) {
	for name, raw := range claimed(8000, 8000) {
		dir := tree(t, joined(photos("train/", 1), photos("test/", 1), map[string][]byte{"train/cat/" + name: raw}))
		var err error
		took := allocated(func() { _, err = Open(t.Context(), Data{Set: "folder", Path: dir}) })
		if err == nil || !strings.Contains(err.Error(), filepath.Join("cat", name)) || !strings.Contains(err.Error(), "8000x8000 pixels") {
			t.Errorf("%s: %v", name, err)
		}
		if took > 16<<20 {
			t.Errorf("%s: took %d bytes", name, took)
		}
	}
	for name, raw := range claimed(65000, 65000) {
		dir := tree(t, joined(photos("train/", 1), photos("test/", 1), map[string][]byte{"train/cat/" + name: raw}))
		if _, err := Open(t.Context(), Data{Set: "folder", Path: dir}); err == nil || !strings.Contains(err.Error(), "pixels") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
