package pipelines

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// file is an IDX file with the given header and body.
func file(kind byte, dims []uint32, body []byte) []byte {
	b := []byte{0, 0, kind, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, body...)
}

// anyDims accepts what a header says.
func anyDims([]int) error { return nil }

func zip(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func count(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// folder writes files into a new folder.
func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenIDX(t *testing.T) {
	grey := file(8, []uint32{3, 2, 4}, count(24))
	stereo := file(8, []uint32{3, 2, 2, 2}, count(24))
	answers := file(8, []uint32{3}, []byte{4, 0, 2})
	for _, c := range []struct {
		images, labels []byte
		shape          Shape
	}{
		{grey, answers, Shape{2, 4, 1}},
		{zip(grey), answers, Shape{2, 4, 1}},
		{stereo, zip(answers), Shape{2, 2, 2}},
	} {
		dir := folder(t, map[string][]byte{"i": c.images, "l": c.labels})
		s, err := OpenIDX("set", filepath.Join(dir, "i"), filepath.Join(dir, "l"), 0)
		if err != nil {
			t.Fatal(err)
		}
		if s.Name() != "set" || s.Len() != 3 || s.Shape() != c.shape || s.Classes() != 5 {
			t.Errorf("%s: %d examples of %v, %d classes; want 3 of %v, 5 classes", s.Name(), s.Len(), s.Shape(), s.Classes(), c.shape)
		}
		raw := make([]byte, 8)
		for i, want := range []int{4, 0, 2} {
			if label, err := s.At(i, raw); err != nil || label != want || raw[0] != byte(8*i) || raw[7] != byte(8*i+7) {
				t.Errorf("example %d: label %d, pixels %v, %v", i, label, raw, err)
			}
		}
		for _, i := range []int{-1, 3} {
			if _, err := s.At(i, raw); err == nil || !strings.Contains(err.Error(), "want an example in 0..2") {
				t.Errorf("example %d: error %v", i, err)
			}
		}
		if _, err := s.At(0, raw[:7]); err == nil || !strings.Contains(err.Error(), "want a buffer of 8 bytes, got 7") {
			t.Errorf("short buffer: error %v", err)
		}
	}
}

// A large file, which the reader takes in parts if it is compressed, arrives whole.
func TestReadIDXLarge(t *testing.T) {
	body := make([]byte, 5*1000*700)
	for i := range body {
		body[i] = byte(i * i >> 7)
	}
	plain := file(8, []uint32{5, 1000, 700}, body)
	for _, b := range [][]byte{plain, zip(plain)} {
		got, err := readIDX("F", bytes.NewReader(b), int64(len(b)), images, anyDims)
		if err != nil || !bytes.Equal(got.data, body) || cap(got.data) != len(body) {
			t.Errorf("%d of %d bytes in room for %d, %v", len(got.data), len(body), cap(got.data), err)
		}
	}
}

func TestReadIDXErrors(t *testing.T) {
	good := file(8, []uint32{3, 2, 4}, count(24))
	labelled := file(8, []uint32{3}, count(3))
	broken := zip(good)
	broken[len(broken)-5] ^= 1 // the checksum
	scrambled := zip(good)
	scrambled[12] ^= 0xff
	huge := uint32(1 << 14)
	for name, c := range map[string]struct {
		content []byte
		kind    idxKind
		want    []string
	}{
		"nothing":             {nil, images, []string{"at byte 0", "8-bit images", "end of the file"}},
		"short magic":         {good[:3], images, []string{"at byte 3", "truncated"}},
		"wrong magic":         {[]byte("PNG....."), images, []string{"at byte 0", "0x504e472e", "no IDX file"}},
		"unknown type":        {file(7, []uint32{1}, count(1)), labels, []string{"no IDX file"}},
		"web page":            {[]byte("<!DOCTYPE html>"), images, []string{"web page"}},
		"wrong type":          {file(0x0d, []uint32{3, 2, 4}, count(96)), images, []string{"float32 values (magic 0x00000d03)", "8 bits"}},
		"swapped, images":     {labelled, images, []string{"got labels (magic 0x00000801)", "swapped"}},
		"swapped, labels":     {good, labels, []string{"got images (magic 0x00000803)", "swapped"}},
		"rank 2":              {file(8, []uint32{3, 2}, count(6)), images, []string{"2 dimensions"}},
		"rank 5":              {file(8, []uint32{3, 2, 1, 1, 1}, count(6)), images, []string{"5 dimensions"}},
		"short header":        {good[:9], images, []string{"at byte 9", "3 dimensions", "truncated"}},
		"truncated":           {good[:len(good)-1], images, []string{"at byte 16", "3*2*4 bytes", "at most"}},
		"truncated body":      {zip(good[:len(good)-1]), images, []string{"at byte 39 (uncompressed)", "24 bytes of values", "truncated"}},
		"truncated gzip":      {zip(good)[:30], images, []string{"(uncompressed)", "truncated"}},
		"broken gzip":         {broken, images, []string{"at byte 40 (uncompressed)", "checksum", "damaged"}},
		"scrambled gzip":      {scrambled, images, []string{"damaged"}},
		"gzip header":         {[]byte{0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, images, []string{"a gzip file", "fetch the file again"}},
		"trailing":            {append(bytes.Clone(good), 0), images, []string{"at byte 40", "trailing bytes"}},
		"trailing gzip":       {zip(append(bytes.Clone(good), 0)), images, []string{"at byte 40 (uncompressed)", "trailing bytes"}},
		"trailing after gzip": {append(zip(good), "junk"...), images, []string{"at byte 40", "damaged"}},
		"empty":               {file(8, []uint32{0, 2, 4}, nil), images, []string{"at byte 4", "examples, got 0"}},
		"no labels":           {file(8, []uint32{0}, nil), labels, []string{"at byte 4", "examples, got 0"}},
		"no rows":             {file(8, []uint32{3, 0, 4}, nil), images, []string{"at byte 8", "pixels a side, got 0"}},
		"absurd side":         {file(8, []uint32{1, 2, 1 << 20}, count(9)), images, []string{"at byte 12", "1..16384 pixels a side, got 1048576"}},
		"absurd channels":     {file(8, []uint32{1, 2, 2, 1 << 11}, count(9)), images, []string{"at byte 16", "1..1024 channels, got 2048"}},
		"absurd count":        {file(8, []uint32{1 << 31, 1, 1}, count(9)), images, []string{"at byte 4", "got 2147483648"}},
		"overflow":            {file(8, []uint32{1 << 26, huge, huge, 1024}, nil), images, []string{"67108864*16384*16384*1024 bytes", "at most 0"}}, // 2^64,
		"huge":                {file(8, []uint32{1 << 20, huge, huge}, count(9)), images, []string{"at most 9"}},
		"huge gzip":           {zip(file(8, []uint32{1 << 20, huge, huge}, count(9))), images, []string{"at most"}},
	} {
		for _, split := range []bool{false, true} {
			var in io.Reader = bytes.NewReader(c.content)
			if split {
				in = oneByte{in}
			}
			_, err := readIDX("F", in, int64(len(c.content)), c.kind, anyDims)
			if err == nil {
				t.Errorf("%s: no error", name)
				continue
			}
			if !strings.HasPrefix(err.Error(), "pipelines: F: at byte ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error %q does not begin with the place or has several lines", name, err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: error %q does not say %q", name, err, part)
				}
			}
		}
	}
}

// oneByte gives one byte at a time.
type oneByte struct{ io.Reader }

func (r oneByte) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(len(b), 1)]) }

// brokenDisk fails after its content.
type brokenDisk struct{ io.Reader }

func (r brokenDisk) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err == io.EOF {
		err = errDisk
	}
	return n, err
}

func TestReadIDXDiskErrors(t *testing.T) {
	good := file(8, []uint32{3, 2, 4}, count(24))
	for n := range len(good) + 1 {
		if _, err := readIDX("F", brokenDisk{bytes.NewReader(good[:n])}, int64(len(good)), images, anyDims); !errors.Is(err, errDisk) {
			t.Errorf("disk failing at byte %d: error %v, want the disk's", n, err)
		}
	}
}

// A few bytes must not make the reader allocate what their header promises.
func TestReadIDXAllocatesWhatIsThere(t *testing.T) {
	bomb := zip(file(8, []uint32{1 << 10, 1 << 10, 1 << 10}, make([]byte, 1<<16)))
	padded := append(bomb, make([]byte, 1<<21)...) // so that the file could hold that much
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readIDX("F", bytes.NewReader(padded), int64(len(padded)), images, anyDims); err == nil {
		t.Error("no error")
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
		t.Errorf("%d bytes allocated for 65,536 that came", n)
	}
}

// mnistFiles are the four files of a tiny set.
func mnistFiles(dot, gz string) map[string][]byte {
	pack := func(b []byte) []byte {
		if gz != "" {
			return zip(b)
		}
		return b
	}
	return map[string][]byte{
		"train-images" + dot + "idx3-ubyte" + gz: pack(file(8, []uint32{6, 2, 2}, count(24))),
		"train-labels" + dot + "idx1-ubyte" + gz: pack(file(8, []uint32{6}, []byte{0, 1, 2, 3, 4, 7})),
		"t10k-images" + dot + "idx3-ubyte" + gz:  pack(file(8, []uint32{3, 2, 2}, count(12))),
		"t10k-labels" + dot + "idx1-ubyte" + gz:  pack(file(8, []uint32{3}, []byte{7, 1, 0})),
	}
}

func TestOpenIDXFolder(t *testing.T) {
	for _, dot := range []string{"-", "."} {
		for _, gz := range []string{"", ".gz"} {
			dir := folder(t, mnistFiles(dot, gz))
			for set, classes := range map[string]int{"mnist": 10, "idx": 8} {
				s, err := Open(t.Context(), Data{Set: set, Path: dir})
				if err != nil {
					t.Fatal(err)
				}
				if s.Train.Len() != 6 || s.Test.Len() != 3 || s.Validation != nil || s.Train.Classes() != classes || s.Test.Classes() != classes {
					t.Errorf("%s: %d and %d examples, %d and %d classes, want 6, 3 and %d", set, s.Train.Len(), s.Test.Len(), s.Train.Classes(), s.Test.Classes(), classes)
				}
				if s.Train.Name() != set+"/train" || s.Test.Name() != set+"/test" {
					t.Errorf("names %s and %s", s.Train.Name(), s.Test.Name())
				}
			}
		}
	}
}

func TestOpenIDXFolderErrors(t *testing.T) {
	open := func(set string, classes int, change func(files map[string][]byte)) error {
		files := mnistFiles("-", "")
		change(files)
		_, err := Open(t.Context(), Data{Set: set, Path: folder(t, files), Classes: classes})
		return err
	}
	for name, c := range map[string]struct {
		set     string
		classes int
		change  func(map[string][]byte)
		want    []string
	}{
		"missing": {"mnist", 0, func(f map[string][]byte) { delete(f, "t10k-images-idx3-ubyte") },
			[]string{"t10k-images-idx3-ubyte, t10k-images-idx3-ubyte.gz, t10k-images.idx3-ubyte, t10k-images.idx3-ubyte.gz", "set data.path"}},
		"count": {"mnist", 0, func(f map[string][]byte) { f["train-labels-idx1-ubyte"] = file(8, []uint32{5}, count(5)) },
			[]string{"train-labels-idx1-ubyte: at byte 4: want 6 labels", "train-images-idx3-ubyte, got 5"}},
		"label": {"mnist", 0, func(f map[string][]byte) { f["train-labels-idx1-ubyte"][8+3] = 10 },
			[]string{"train-labels-idx1-ubyte: at byte 11 (label 3", "0..9, got 10"}},
		"label beyond classes": {"idx", 5, func(map[string][]byte) {}, []string{"label 5", "0..4, got 7"}},
		"no example of a class": {"mnist", 0, func(f map[string][]byte) { f["train-labels-idx1-ubyte"][8+5] = 4 },
			[]string{"mnist/train: want an example to train on of each class to test on, got none of class 7: add some"}},
		"shapes": {"mnist", 0, func(f map[string][]byte) { f["t10k-images-idx3-ubyte"] = file(8, []uint32{3, 4, 1}, count(12)) },
			[]string{"one shape, got 2x2x1 and 4x1x1"}},
		"swapped": {"mnist", 0, func(f map[string][]byte) {
			f["train-labels-idx1-ubyte"], f["train-images-idx3-ubyte"] = f["train-images-idx3-ubyte"], f["train-labels-idx1-ubyte"]
		}, []string{"train-images-idx3-ubyte: at byte 0", "swapped"}},
	} {
		err := open(c.set, c.classes, c.change)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, part := range append(c.want, "pipelines: ") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %q does not say %q", name, err, part)
			}
		}
	}
	if _, err := Open(t.Context(), Data{Set: "mnist"}); err == nil || !strings.Contains(err.Error(), "data.path: want") {
		t.Errorf("without path: %v", err)
	}
	files := mnistFiles("-", "")
	delete(files, "train-images-idx3-ubyte")
	dir := folder(t, files)
	if err := os.Mkdir(filepath.Join(dir, "train-images-idx3-ubyte"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Data{Set: "mnist", Path: dir}); err == nil || !strings.Contains(err.Error(), "want a regular file, got d") {
		t.Errorf("a folder in place of a file: %v", err)
	}
	odd := filepath.Join(dir, "a\nb")
	if _, err := Open(t.Context(), Data{Set: "mnist", Path: odd}); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a path with a line break: %v", err)
	}
	if _, err := readIDXFile(odd, images, anyDims); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a file with a line break in its path: %v", err)
	}
	if _, err := readIDX(odd, strings.NewReader("?"), 1, images, anyDims); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("content of a file with a line break in its path: %v", err)
	}
	if _, err := OpenIDX("x", filepath.Join(dir, "none"), "none", 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func FuzzReadIDX(f *testing.F) {
	good := file(8, []uint32{3, 2, 4}, count(24))
	for _, b := range [][]byte{
		nil, good, zip(good), good[:20], zip(good)[:30], append(bytes.Clone(good), 1), file(8, []uint32{3}, count(3)),
		file(8, []uint32{3, 2, 2, 2}, count(24)), file(0x0d, []uint32{1, 1, 1}, count(4)), file(8, []uint32{1 << 31, 1 << 31, 1 << 31}, nil),
	} {
		f.Add(b, true)
		f.Add(b, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, wantImages bool) {
		kind := labels
		if wantImages {
			kind = images
		}
		got, err := readIDX("F", bytes.NewReader(b), int64(len(b)), kind, anyDims)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "pipelines: F: at byte ") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		n := 1
		for _, d := range got.dims {
			n *= d
		}
		if n != len(got.data) || n == 0 {
			t.Fatalf("dimensions %v with %d values", got.dims, len(got.data))
		}
		// A plain file is its header and its values, nothing else.
		dims := make([]uint32, len(got.dims))
		for i, d := range got.dims {
			dims[i] = uint32(d)
		}
		again := file(8, dims, got.data)
		if b[0] == 0 && !bytes.Equal(again, b) {
			t.Fatalf("%d bytes read as %d", len(b), len(again))
		}
	})
}
