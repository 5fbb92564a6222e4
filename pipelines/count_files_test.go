package pipelines

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeSquares writes n images of a side into a folder, each of another brightness.
func writeSquares(t *testing.T, dir string, n, w, h, shade int) (paths []string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		m := image.NewGray(image.Rect(0, 0, w, h))
		for k := range m.Pix {
			m.Pix[k] = uint8(shade + 3*i + k%2)
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.png", i))
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, m); err != nil {
			t.Fatal(err)
		}
		f.Close()
		paths = append(paths, path)
	}
	return paths
}

// The counts are those of the set once it is read, exactly where it has its parts, and in
// all where the test part is held out.
func TestCountFiles(t *testing.T) {
	parted, flat := filepath.Join(t.TempDir(), "p"), filepath.Join(t.TempDir(), "f")
	list := []string{"path,label,split"}
	for c, class := range []string{"a", "b"} {
		writeSquares(t, filepath.Join(parted, "train", class), 6, 40, 30, 10+100*c)
		writeSquares(t, filepath.Join(parted, "val", class), 2, 8, 8, 60+100*c)
		writeSquares(t, filepath.Join(parted, "test", class), 3, 8, 8, 80+100*c)
		for i, path := range writeSquares(t, filepath.Join(flat, class), 10, 20, 50, 10+100*c) {
			list = append(list, fmt.Sprintf("%s,%s,%s", path, class, []string{"train", "train", "test", "validation", "train"}[i%5]))
		}
	}
	table := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(table, []byte(strings.Join(list, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(parted, "train", "a", "bad.jpg"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		d    Data
		want FileCounts
	}{
		{Data{Set: "folder", Path: parted}, FileCounts{13, 4, 6, 30}},
		{Data{Set: "folder", Path: flat}, FileCounts{16, 0, 4, 20}},
		{Data{Set: "folder", Path: flat, Holdout: .5}, FileCounts{10, 0, 10, 20}},
		{Data{Set: "csv", Path: table}, FileCounts{12, 4, 4, 20}},
	} {
		got, err := CountFiles(c.d)
		if err != nil || got != c.want {
			t.Errorf("%+v: %+v, %v, want %+v", c.d, got, err, c.want)
		}
		s, err := Open(t.Context(), Data{Set: c.d.Set, Path: c.d.Path, Holdout: c.d.Holdout, SkipBad: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := s.Train.Len() + s.Test.Len(); c.d.Path != parted && n != got.Train+got.Test {
			t.Errorf("%+v: counted %+v, the set has %d", c.d, got, n)
		}
		if c.d.Path == table && (s.Train.Len() != got.Train || s.Test.Len() != got.Test || s.Validation.Len() != got.Validation) {
			t.Errorf("%+v: parts of %d, %d, %d", c.d, s.Train.Len(), s.Validation.Len(), s.Test.Len())
		}
	}
	for _, d := range []Data{{Set: "folder"}, {Set: "mnist", Path: flat}, {Set: "folder", Path: filepath.Join(flat, "none")}, {Set: "csv", Path: filepath.Join(flat, "a", "0.png")}} {
		if n, err := CountFiles(d); err == nil {
			t.Errorf("%+v: %+v", d, n)
		}
	}
}
