package pipelines

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/pipelines/npz"
)

// npyFile writes values as NumPy does: header in format 1, then the values.
func npyFile(t *testing.T, kind, shape string, values any) []byte {
	t.Helper()
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, shape)
	raw := append([]byte("\x93NUMPY\x01\x00"), 0, 0)
	binary.LittleEndian.PutUint16(raw[8:], uint16(len(text)+1))
	raw = append(append(raw, text...), '\n')
	raw, err := binary.Append(raw, binary.LittleEndian, values)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// pixelsOf are the pixels and labels of a source.
func pixelsOf(t *testing.T, s Source) (pixels []uint8, labels []int) {
	t.Helper()
	image := make([]uint8, s.Shape().Len())
	for i := range s.Len() {
		label, err := s.At(i, image)
		if err != nil {
			t.Fatal(err)
		}
		pixels, labels = append(pixels, image...), append(labels, label)
	}
	return pixels, labels
}

// Two images of 2x3 pixels and 2 channels come out the same in every kind.
func TestArrays(t *testing.T) {
	want := make([]uint8, 24)
	for i := range want {
		want[i] = uint8(10 * i)
	}
	floats, doubles := make([]float32, 24), make([]float64, 24)
	for i, v := range want {
		floats[i], doubles[i] = float32(v)/255, float64(v)
	}
	labels := npyFile(t, "<i8", "2,", []int64{1, 0})
	for name, images := range map[string][]byte{
		"bytes":   npyFile(t, "|u1", "2, 2, 3, 2", want),
		"floats":  npyFile(t, "<f4", "2, 2, 3, 2", floats),
		"doubles": npyFile(t, "<f8", "2, 2, 3, 2", doubles),
	} {
		dir := tree(t, map[string][]byte{"images.npy": images, "labels.npy": labels})
		s, err := Open(t.Context(), Data{Set: "npz", Path: dir, Holdout: 1})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		pixels, got := pixelsOf(t, s.Test)
		if s.Test.Shape() != (Shape{2, 3, 2}) || !slices.Equal(pixels, want) || !slices.Equal(got, []int{1, 0}) || !s.EvaluationOnly {
			t.Errorf("%s: %v %v %v, evaluation only %v", name, s.Test.Shape(), pixels, got, s.EvaluationOnly)
		}
	}
	wide := make([]uint8, 2*3*5*7)
	for i := range wide {
		wide[i] = uint8(i)
	}
	path := filepath.Join(tree(t, map[string][]byte{"fog.npy": npyFile(t, "|u1", "2, 3, 5, 7", wide), "labels.npy": labels}), "fog.npy")
	s, err := Open(t.Context(), Data{Set: "npz", Path: path, Holdout: 1})
	if err != nil {
		t.Fatal(err)
	}
	if pixels, _ := pixelsOf(t, s.Test); s.Test.Shape() != (Shape{5, 7, 3}) || pixels[1] != 35 || pixels[3] != 1 {
		t.Errorf("channels first: %v, %v", s.Test.Shape(), pixels[:6])
	}
}

// The arrays of an .npz file, with their parts.
func TestArchiveOfArrays(t *testing.T) {
	pixels := func(n int) []uint8 { return bytes.Repeat([]byte{0, 50, 100, 150}, n) }
	write := func(arrays ...npz.Array) string {
		raw, err := npz.Encode(arrays...)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(tree(t, map[string][]byte{"set.npz": raw}), "set.npz")
	}
	labels := make([]int32, 10)
	labels[3] = 2
	both := write(npz.Uint8("x_train", pixels(10), 10, 2, 2), npz.Int32("y_train", labels, 10, 1), npz.Uint8("x_test", pixels(4), 4, 2, 2), npz.Int32("y_test", labels[:4], 4))
	s, err := Open(t.Context(), Data{Set: "npz", Path: both, Holdout: 1})
	if err != nil {
		t.Fatal(err)
	}
	if s.Train.Len() != 10 || s.Test.Len() != 4 || s.Test.Classes() != 3 || s.EvaluationOnly {
		t.Errorf("%d to train on, %d to test on, %d classes", s.Train.Len(), s.Test.Len(), s.Test.Classes())
	}
	one := write(npz.Uint8("images", pixels(10), 10, 2, 2), npz.Int32("labels", make([]int32, 10), 10))
	if s, err = Open(t.Context(), Data{Set: "npz", Path: one}); err != nil || s.Train.Len() != 8 || s.Test.Len() != 2 {
		t.Errorf("a fifth is held out: %v", err)
	}
	if s, err = Open(t.Context(), Data{Set: "npz", Path: one, Holdout: 1}); err != nil || s.Test.Len() != 10 || !s.EvaluationOnly {
		t.Errorf("all to test on: %v", err)
	}
	for want, path := range map[string]string{
		"want arrays images and labels": write(npz.Uint8("pictures", pixels(1), 1, 2, 2)),
		"want 10 labels":                write(npz.Uint8("images", pixels(10), 10, 2, 2), npz.Int32("labels", make([]int32, 9), 9)),
		"class numbers":                 write(npz.Uint8("images", pixels(1), 1, 2, 2), npz.Int32("labels", []int32{-1}, 1)),
		"before they are normalised":    write(npz.Float32("images", []float32{-1, 0, 1, 2}, 1, 2, 2), npz.Int32("labels", []int32{0}, 1)),
		"[N,C,H,W]":                     write(npz.Uint8("images", pixels(25), 1, 10, 10), npz.Int32("labels", []int32{0}, 1)),
		"a zip of arrays":               filepath.Join(tree(t, map[string][]byte{"a.npz": []byte("PK no")}), "a.npz"),
		"no such file":                  filepath.Join(t.TempDir(), "none.npz"),
	} {
		if strings.HasPrefix(want, "[N") {
			path = write(npz.Uint8("images", pixels(25), 10, 10), npz.Int32("labels", []int32{0}, 1))
		}
		if _, err := Open(t.Context(), Data{Set: "npz", Path: path}); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300+len(path) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

// A folder without a test part is all tested on with a holdout of 1, and its
// classes are numbered as the order says.
func TestOrder(t *testing.T) {
	root := tree(t, photos("", 4))
	all, err := Open(t.Context(), Data{Set: "folder", Path: root, Holdout: 1})
	if err != nil {
		t.Fatal(err)
	}
	names := ClassNames(all.Test)
	if !all.EvaluationOnly || all.Test.Len() != 4*len(names) {
		t.Fatalf("%d images of %d classes, evaluation only %v", all.Test.Len(), len(names), all.EvaluationOnly)
	}
	order := append([]string{"zebra"}, slices.Clone(names)...)
	slices.Reverse(order)
	list := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(list, []byte(strings.Join(order, "\r\n")+"\r\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{list, strings.Join(order, ", ")} {
		s, err := Open(t.Context(), Data{Set: "folder", Path: root, Holdout: 1, Order: text})
		if err != nil {
			t.Fatal(err)
		}
		if s.Test.Classes() != len(order) || !slices.Equal(ClassNames(s.Test), order) {
			t.Fatalf("%s: classes %v", text, ClassNames(s.Test))
		}
		for i := range s.Test.Len() {
			if was, now := names[all.Test.Label(i)], order[s.Test.Label(i)]; was != now {
				t.Fatalf("%s: image %d of %s became one of %s", text, i, was, now)
			}
		}
	}
	// Names are compared in Unicode NFC, as those of folders are.
	accents := tree(t, map[string][]byte{"caf\u00e9/1.png": plain(8, 8, 1, 1, 1), "tea/1.png": plain(8, 8, 2, 1, 1)})
	if s, err := Open(t.Context(), Data{Set: "folder", Path: accents, Holdout: 1, Order: "tea,cafe\u0301"}); err != nil || s.Test.Label(0) != 1 {
		t.Errorf("an accent in another form: %v", err)
	}
	for text, want := range map[string]string{
		"a,b": "got none for", "nowhere": "neither", "a,a": "twice", names[0] + "," + names[1]: names[2],
	} {
		if _, err := Open(t.Context(), Data{Set: "folder", Path: root, Holdout: 1, Order: text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", text, err, want)
		}
	}
}
