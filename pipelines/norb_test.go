package pipelines

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// matrix is a .mat file written word by word, as the publisher's page describes it.
func matrix(magic uint32, dims []uint32, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, magic)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(dims)))
	for i := range max(3, len(dims)) {
		d := uint32(1)
		if i < len(dims) {
			d = dims[i]
		}
		b = binary.LittleEndian.AppendUint32(b, d)
	}
	return append(b, body...)
}

func words(values ...int) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
	}
	return b
}

const (
	norbTraining = "smallnorb-5x46789x9x18x6x2x96x96-training-"
	norbTesting  = "smallnorb-5x01235x9x18x6x2x96x96-testing-"
)

// norbFiles are both halves of a tiny set: pair i of azimuth 2*(i%18) and elevation i%9 has category
// i%5, every pixel of its left image is i, of its right one 100+i+row.
func norbFiles(training, testing int) map[string][]byte {
	files := map[string][]byte{}
	for name, n := range map[string]int{norbTraining: training, norbTesting: testing} {
		instance := 7
		if name == norbTesting {
			instance = 3
		}
		var pixels []byte
		var cats, info []int
		for i := range n {
			for camera := range 2 {
				for row := range 3 {
					for range 4 {
						pixels = append(pixels, byte(i+camera*(100+row)))
					}
				}
			}
			cats = append(cats, i%5)
			info = append(info, instance, i%9, 2*(i%18), 3)
		}
		files[name+"dat.mat"] = matrix(0x1E3D4C55, []uint32{uint32(n), 2, 3, 4}, pixels)
		files[name+"cat.mat"] = matrix(0x1E3D4C54, []uint32{uint32(n)}, words(cats...))
		files[name+"info.mat"] = matrix(0x1E3D4C54, []uint32{uint32(n), 4}, words(info...))
	}
	return files
}

func TestOpenNORB(t *testing.T) {
	files := norbFiles(20, 10)
	for name := range files { // the official split needs no info; gzip works as plain does
		if strings.Contains(name, "info") {
			delete(files, name)
		}
	}
	for _, gz := range []bool{false, true} {
		packed := files
		if gz {
			packed = map[string][]byte{}
			for name, b := range files {
				packed[name+".gz"] = zip(b)
			}
		}
		s, err := Open(t.Context(), Data{Set: "smallnorb", Path: folder(t, packed)})
		if err != nil {
			t.Fatal(err)
		}
		if s.Train.Len() != 20 || s.Test.Len() != 10 || s.Familiar != nil || s.Train.Shape() != (Shape{3, 4, 2}) || s.Train.Classes() != 5 {
			t.Fatalf("%d and %d of %v", s.Train.Len(), s.Test.Len(), s.Train.Shape())
		}
		if names := ClassNames(s.Train); fmt.Sprint(names) != "[animal human airplane truck car]" {
			t.Errorf("classes %v", names)
		}
		raw := make([]uint8, 24)
		label, err := s.Train.At(13, raw)
		if err != nil || label != 3 {
			t.Errorf("label %d, %v", label, err)
		}
		for row := range 3 {
			for column := range 4 {
				at := (row*4 + column) * 2
				if raw[at] != 13 || raw[at+1] != byte(113+row) {
					t.Errorf("pixel %d,%d is %v, want left 13 and right %d", row, column, raw[at:at+2], 113+row)
				}
			}
		}
	}
}

// Which pairs belong where, from the sentences of the papers: hinton is 300 to 40 degrees, literal the
// six smallest, and the lowest three elevations in both.
func TestNORBViews(t *testing.T) {
	dir := folder(t, norbFiles(36, 18))
	degrees := func(i int) int { return i % 18 * 20 }
	for _, c := range []struct {
		view, split string
		familiar    func(i int) bool
	}{
		{"azimuth", "", func(i int) bool { return degrees(i) >= 300 || degrees(i) <= 40 }},
		{"azimuth", "hinton", func(i int) bool { return degrees(i) >= 300 || degrees(i) <= 40 }},
		{"azimuth", "literal", func(i int) bool { return degrees(i) <= 100 }},
		{"elevation", "hinton", func(i int) bool { return i%9 < 3 }},
		{"elevation", "literal", func(i int) bool { return i%9 < 3 }},
	} {
		s, err := Open(t.Context(), Data{Set: "smallnorb", Path: dir, View: c.view, Split: c.split})
		if err != nil {
			t.Fatal(err)
		}
		want := [3][]int{}
		for i := range 36 {
			if c.familiar(i) {
				want[0] = append(want[0], i)
			}
		}
		for i := range 18 {
			if c.familiar(i) {
				want[1] = append(want[1], i)
			} else {
				want[2] = append(want[2], i)
			}
		}
		for k, src := range []Source{s.Train, s.Familiar, s.Test} {
			if got := ids(t, src); fmt.Sprint(got) != fmt.Sprint(want[k]) {
				t.Errorf("%s %q: part %d has %v, want %v", c.view, c.split, k, got, want[k])
			}
		}
		if s.Familiar.Name() != "smallnorb/familiar" {
			t.Errorf("name %q", s.Familiar.Name())
		}
	}
}

func TestNORBErrors(t *testing.T) {
	good := norbFiles(18, 18)
	dat, cat, info := norbTraining+"dat.mat", norbTraining+"cat.mat", norbTraining+"info.mat"
	for name, c := range map[string]struct {
		change func(f map[string][]byte)
		want   string
	}{
		"no info": {func(f map[string][]byte) { delete(f, info) }, "-training-info.mat or .mat.gz, the views (elevation, azimuth), without which"},
		"no dat":  {func(f map[string][]byte) { delete(f, dat) }, "-training-dat.mat or .mat.gz, the images, got no such file"},
		"two":     {func(f map[string][]byte) { f["smallnorb-x-training-dat.mat"] = f[dat] }, "want one file"},
		"swapped": {func(f map[string][]byte) { f[dat], f[cat] = f[cat], f[dat] }, "training-cat.mat: at byte 0: want 32-bit integers (magic 0x1e3d4c54), got 8-bit values"},
		"cat for info": {func(f map[string][]byte) { f[info] = f[cat] },
			"training-info.mat: at byte 4: want 2 dimensions, got 1"},
		"magic":     {func(f map[string][]byte) { f[dat][0] = 1 }, "training-dat.mat: at byte 0: want 8-bit values (magic 0x1e3d4c55), got magic 0x1e3d4c01"},
		"empty":     {func(f map[string][]byte) { f[cat] = nil }, "training-cat.mat: at byte 0: "},
		"header":    {func(f map[string][]byte) { f[dat] = f[dat][:15] }, "training-dat.mat: at byte 15: want 4 dimensions"},
		"truncated": {func(f map[string][]byte) { f[dat] = f[dat][:100] }, "training-dat.mat: at byte 24: want 18*2*3*4 values, got a file that holds at most 76"},
		"truncated gzip": {func(f map[string][]byte) { f[dat] = zip(f[dat][:100]) },
			"training-dat.mat: at byte 100 (uncompressed): want 18 records of 24 bytes, got the end of the file"},
		"trailing":     {func(f map[string][]byte) { f[dat] = append(f[dat], 0) }, "training-dat.mat: at byte 456: want the end of the file, got trailing bytes"},
		"cat trailing": {func(f map[string][]byte) { f[cat] = append(f[cat], 0) }, "training-cat.mat: at byte 92: want the end of the file, got trailing bytes"},
		"count":        {func(f map[string][]byte) { f[cat] = matrix(0x1E3D4C54, []uint32{17}, make([]byte, 68)) }, "training-info.mat: at byte 8: want a dimension of 17, got 18"},
		"dat count":    {func(f map[string][]byte) { f[dat] = matrix(0x1E3D4C55, []uint32{17, 2, 3, 4}, make([]byte, 408)) }, "training-dat.mat: at byte 8: want a dimension of 18, got 17"},
		"one camera":   {func(f map[string][]byte) { f[dat] = matrix(0x1E3D4C55, []uint32{18, 1, 3, 4}, make([]byte, 216)) }, "at byte 12: want a dimension of 2, got 1"},
		"no rows":      {func(f map[string][]byte) { f[dat] = matrix(0x1E3D4C55, []uint32{18, 2, 0, 4}, nil) }, "at byte 16: want a dimension in 1.."},
		"huge":         {func(f map[string][]byte) { f[dat] = matrix(0x1E3D4C55, []uint32{18, 2, 1 << 30, 1 << 30}, nil) }, "18*2*1073741824*1073741824 values"},
		"category":     {func(f map[string][]byte) { f[cat][20] = 5 }, "training-cat.mat: example 0: want a category in 0..4, got 5"},
		"azimuth":      {func(f map[string][]byte) { f[info][20+8] = 3 }, "training-info.mat: example 0: want azimuth codes in 0..34 in steps of 2, got 3"},
		"shapes":       {func(f map[string][]byte) { f[dat] = matrix(0x1E3D4C55, []uint32{18, 2, 4, 3}, make([]byte, 432)) }, "one shape, got 4x3x2 and 3x4x2"},
		"one view": {func(f map[string][]byte) {
			f[info] = matrix(0x1E3D4C54, []uint32{18, 4}, words(bytesOf(18, 7, 7, 20, 3)...))
		}, "want pairs for the train part, got none of this view in the training half"},
		"a toy in both halves": {func(f map[string][]byte) {
			copy(f[norbTesting+"info.mat"][20+5*16:], words(7)) // of example 5, an animal
		}, "want other toys in the testing half than in the training half, got animal 7 in both: use halves that share no toy"},
		"not a folder": {func(f map[string][]byte) { clear(f) }, "want smallnorb-5x"},
	} {
		files := map[string][]byte{}
		for k, v := range good {
			files[k] = bytes.Clone(v)
		}
		c.change(files)
		_, err := Open(t.Context(), Data{Set: "smallnorb", Path: folder(t, files), View: "azimuth"})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	dir := folder(t, good)
	_, err := Open(t.Context(), Data{Set: "smallnorb", Path: dir, Memory: 1})
	if err != nil {
		t.Errorf("864 bytes do not fit 1 MB: %v", err)
	}
	for want, d := range map[string]Data{
		"data.path: want": {Set: "smallnorb"}, "did you mean azimuth": {Set: "smallnorb", View: "azimut"}, "did you mean hinton": {Set: "smallnorb", Split: "hint"},
		"want a readable file or folder": {Set: "smallnorb", Path: filepath.Join(dir, "none")},
	} {
		if _, err := Open(t.Context(), d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", d, err, want)
		}
	}
}

// bytesOf repeats values n times.
func bytesOf(n int, values ...int) (all []int) {
	for range n {
		all = append(all, values...)
	}
	return all
}

func TestMemoryLimit(t *testing.T) {
	b := newMemoryBudget(Data{Set: "x", Memory: 3})
	if err := b.reserve(2, Shape{1024, 1024, 1}); err != nil {
		t.Fatal(err)
	}
	err := b.reserve(1, Shape{1024, 1025, 1})
	if err == nil || !strings.Contains(err.Error(), "want images of at most 3 MB in memory, got 4 MB with the 1 images of 1024x1025x1: set data.memory to 4 or more") {
		t.Errorf("%v", err)
	}
	if err := newMemoryBudget(Data{}).reserve(4096, Shape{1024, 1024, 1}); err != nil {
		t.Errorf("the default refuses 4 GB: %v", err)
	}
	dir := folder(t, norbFiles(5, 5))
	header := matrix(0x1E3D4C55, []uint32{5, 2, 1000, 1000}, make([]byte, 10_000_000))
	if err := os.WriteFile(filepath.Join(dir, norbTraining+"dat.mat"), header, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Data{Set: "smallnorb", Path: dir, Memory: 9}); err == nil || !strings.Contains(err.Error(), "set data.memory to 10 or more") {
		t.Errorf("10 MB of pairs in 9 MB: %v", err)
	}
}

// cifarFiles are a tiny set: three records per file, labels counting up, planes of 10, 20, 30 plus the
// label, a pixel apart at its end.
func cifarFiles() map[string][]byte {
	files := map[string][]byte{"batches.meta.txt": []byte("airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n")}
	label := 0
	for _, name := range []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"} {
		for range 3 {
			record := []byte{byte(label)}
			for plane := 1; plane <= 3; plane++ {
				record = append(record, bytes.Repeat([]byte{byte(10*plane + label)}, 1024)...)
				record[len(record)-1]++
			}
			files[name] = append(files[name], record...)
			label = (label + 1) % 10
		}
	}
	return files
}

func TestOpenCIFAR(t *testing.T) {
	dir := folder(t, cifarFiles())
	parent := t.TempDir()
	if err := os.Symlink(dir, filepath.Join(parent, "cifar-10-batches-bin")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, parent} {
		s, err := Open(t.Context(), Data{Set: "cifar10", Path: path, Validation: 2})
		if err != nil {
			t.Fatal(err)
		}
		if s.Train.Len() != 13 || s.Validation.Len() != 2 || s.Test.Len() != 3 || s.Test.Shape() != (Shape{32, 32, 3}) || s.Train.Classes() != 10 || s.Test.Name() != "cifar10/test" {
			t.Fatalf("%d, %d and %d of %v", s.Train.Len(), s.Validation.Len(), s.Test.Len(), s.Test.Shape())
		}
		if names := ClassNames(s.Train); len(names) != 10 || names[9] != "truck" {
			t.Errorf("names of a subset: %v", names)
		}
		raw := make([]uint8, 3072)
		all, err := Open(t.Context(), Data{Set: "cifar10", Path: path})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 15 { // the files one after another
			if label, err := all.Train.At(i, raw); err != nil || label != i%10 || raw[0] != uint8(10+i%10) {
				t.Errorf("example %d: label %d, pixel %d, %v", i, label, raw[0], err)
			}
		}
		label, err := s.Test.At(1, raw) // the 17th record
		if err != nil || label != 6 || !bytes.Equal(raw[:3], []byte{16, 26, 36}) || !bytes.Equal(raw[3069:], []byte{17, 27, 37}) {
			t.Errorf("label %d, pixels %v to %v, %v", label, raw[:3], raw[3069:], err)
		}
	}
}

func TestCIFARErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f map[string][]byte)
		want   string
	}{
		"missing":   {func(f map[string][]byte) { delete(f, "data_batch_4.bin") }, "data_batch_4.bin: want a readable file or folder, got no such file"},
		"no names":  {func(f map[string][]byte) { delete(f, "batches.meta.txt") }, "batches.meta.txt: want a readable"},
		"names":     {func(f map[string][]byte) { f["batches.meta.txt"] = []byte("a b") }, "batches.meta.txt: want the names of 10 classes, got 2"},
		"truncated": {func(f map[string][]byte) { f["test_batch.bin"] = f["test_batch.bin"][:3073+5] }, "test_batch.bin: want a whole number of records of 3073 bytes, got 3078"},
		"empty":     {func(f map[string][]byte) { f["test_batch.bin"] = nil }, "test_batch.bin: want a whole number"},
		"trailing":  {func(f map[string][]byte) { f["test_batch.bin"] = append(f["test_batch.bin"], 0) }, "got 9220 bytes"},
		"label":     {func(f map[string][]byte) { f["data_batch_2.bin"][3073] = 10 }, "data_batch_2.bin: at byte 3073: want a label in 0..9, got 10"},
	} {
		files := maps.Clone(cifarFiles())
		c.change(files)
		if _, err := Open(t.Context(), Data{Set: "cifar10", Path: folder(t, files)}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func FuzzReadMat(f *testing.F) {
	good := norbFiles(2, 1)
	for _, b := range good {
		f.Add(b)
		f.Add(zip(b))
		f.Add(b[:len(b)-1])
	}
	f.Add(matrix(0x1E3D4C55, []uint32{1 << 31, 2, 1 << 31, 1 << 31}, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range []struct {
			magic uint32
			rank  int
		}{{0x1E3D4C54, 1}, {0x1E3D4C54, 2}, {0x1E3D4C55, 4}} {
			var dims []uint32
			var body []byte
			r, err := newFileReader("F", bytes.NewReader(b), int64(len(b)))
			var m *mat
			if err == nil {
				m, err = readMat(r, c.magic, make([]int, c.rank)...)
			}
			if err == nil && c.magic == matInts {
				var values []int32
				values, err = m.readInts()
				for _, v := range values {
					body = append(body, words(int(v))...)
				}
			} else if err == nil {
				if m.dims[1]*m.dims[2]*m.dims[3] > 1<<24 {
					return // a record as large as the file says is made at once
				}
				err = m.readRecords(func(_ int, record []uint8) { body = append(body, record...) })
			}
			if err != nil {
				if !strings.HasPrefix(err.Error(), "pipelines: F: at byte ") || strings.Contains(err.Error(), "\n") {
					t.Fatalf("error %q", err)
				}
				continue
			}
			for _, d := range m.dims {
				dims = append(dims, uint32(d))
			}
			again := matrix(c.magic, dims, body)
			if len(dims) < 3 { // what the unused dimensions say does not matter
				copy(again[8+4*len(dims):20], b[8+4*len(dims):])
			}
			if b[0] != 0x1f && !bytes.Equal(again, b) {
				t.Fatalf("%d bytes read as %d", len(b), len(again))
			}
		}
	})
}

func FuzzReadCIFAR(f *testing.F) {
	for _, b := range cifarFiles() {
		f.Add(b)
		f.Add(zip(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := cifarCount("F", int64(len(b)))
		if err != nil {
			return
		}
		m, err := newMemoryBudget(Data{}).allocate("train", n, Shape{32, 32, 3}, make([]string, 10))
		if err != nil {
			return
		}
		r, err := newFileReader("F", bytes.NewReader(b), int64(len(b)))
		if err == nil {
			err = r.readCIFARRecords(m, 0, n)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "pipelines: F: at byte ") {
				t.Fatalf("error %q", err)
			}
			return
		}
		for i, l := range m.labels {
			if l < 0 || l > 9 || b[0] != 0x1f && m.pixels[3072*i+1] != b[3073*i+1+1024] {
				t.Fatalf("record %d read wrong", i)
			}
		}
	})
}

// toysFiles are both halves of a set whose training half has the toys 4 and 7 of each category.
func toysFiles() map[string][]byte {
	files := norbFiles(180, 36)
	var info []int
	for i := range 180 {
		info = append(info, []int{4, 7}[i/90], i%9, 2*(i%18), 3)
	}
	files[norbTraining+"info.mat"] = matrix(0x1E3D4C54, []uint32{180, 4}, words(info...))
	return files
}

// Of toys that are held out nothing is trained on, and the validation part has their other views: the
// pixels, which are the number of the pair, say which pairs a part has.
func TestNORBValidationToys(t *testing.T) {
	dir := folder(t, toysFiles())
	for _, view := range []string{"azimuth", ""} {
		s, err := Open(t.Context(), Data{Set: "smallnorb", Path: dir, View: view, ValidationToys: 1, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		pairs := func(src Source) (list []int) {
			raw := make([]uint8, 24)
			for i := range src.Len() {
				if _, err := src.At(i, raw); err != nil {
					t.Fatal(err)
				}
				list = append(list, int(raw[0]))
			}
			return list
		}
		toy := func(i int) [2]int { return [2]int{i % 5, i / 90} }
		familiar := func(i int) bool { return view == "" || i%18*20 >= 300 || i%18*20 <= 40 }
		trained, held := map[[2]int]bool{}, map[[2]int]bool{}
		for _, i := range pairs(s.Train) {
			trained[toy(i)] = true
			if !familiar(i) {
				t.Errorf("view %q: pair %d of another view is trained on", view, i)
			}
		}
		for _, i := range pairs(s.Validation) {
			held[toy(i)] = true
			if view != "" && familiar(i) {
				t.Errorf("view %q: pair %d of a familiar view is in the validation part", view, i)
			}
		}
		if len(trained) != 5 || len(held) != 5 {
			t.Errorf("view %q: want a toy of each category in both parts, got %v and %v", view, trained, held)
		}
		for o := range held {
			if trained[o] {
				t.Errorf("view %q: toy %v is in both parts", view, o)
			}
		}
		want := map[string]int{"azimuth": 30, "": 90}[view]
		if s.Train.Len() != want || s.Validation.Len() != 90-want%90 {
			t.Errorf("view %q: want %d and %d pairs, got %d and %d", view, want, 90-want%90, s.Train.Len(), s.Validation.Len())
		}
	}
	_, err := Open(t.Context(), Data{Set: "smallnorb", Path: dir, View: "azimuth", ValidationToys: 2})
	if err == nil || !strings.Contains(err.Error(), "lower data.validation_toys") {
		t.Errorf("want more toys to hold out than there are to be refused, got %v", err)
	}
	if _, err := Open(t.Context(), Data{Set: "glyphs", ValidationToys: 1}); err == nil || !strings.Contains(err.Error(), "validation_toys") {
		t.Errorf("want the key to be refused for glyphs, got %v", err)
	}
}
