package corruption

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
)

// table has two kinds in two severities, of 100 images each.
func table(clean int, correct ...int) *Table {
	t := &Table{Choice: Name, Source: "test", CleanImages: 100, CleanCorrect: clean, Severities: []int{1, 2}}
	for k, name := range []string{"fog", "snow"} {
		t.Kinds = append(t.Kinds, Kind{name, []Cell{{100, correct[2*k]}, {100, correct[2*k+1]}}})
	}
	return t
}

// TestMeanCorruptionError compares with figures worked out by hand. Errors of the
// model: fog .1 and .3, snow .2 and .4, clean .05; of the reference: .2 and .6, .3
// and .5, clean .1.
func TestMeanCorruptionError(t *testing.T) {
	model, reference := table(95, 90, 70, 80, 60), table(90, 80, 40, 70, 50)
	if got := model.MeanError(); math.Abs(got-.25) > 1e-12 {
		t.Errorf("want a mean error of .25, got %g", got)
	}
	r, err := model.Compare(reference)
	if err != nil {
		t.Fatal(err)
	}
	// CE: (.1+.3)/(.2+.6) = .5 and (.2+.4)/(.3+.5) = .75.
	// Relative: (.4-.1)/(.8-.2) = .5 and (.6-.1)/(.8-.2) = .8333.
	if math.Abs(r.CE[0]-.5) > 1e-12 || math.Abs(r.CE[1]-.75) > 1e-12 || math.Abs(r.MCE-.625) > 1e-12 || math.Abs(*r.Relative-(.5+5./6)/2) > 1e-12 {
		t.Errorf("want .5, .75, .625, .667, got %v, %g", r, *r.Relative)
	}
	if k, s := model.Worst(); k != 1 || s != 1 {
		t.Errorf("want the worst in snow, 2, got %d, %d", k, s)
	}
	same := table(40, 80, 40, 70, 50) // loses nothing under fog in severity 1, but something in the mean
	if r, err := model.Compare(same); err != nil || r.Relative != nil {
		t.Errorf("want no relative mCE where the reference loses nothing, got %v, %v", r.Relative, err)
	}
	for name, other := range map[string]*Table{
		"no error":       table(90, 100, 100, 70, 50),
		"other severity": {Source: "test", CleanImages: 100, Severities: []int{1, 3}},
		"other source":   {Source: "files", CleanImages: 100, Severities: []int{1, 2}},
		"other kinds":    {Source: "test", CleanImages: 100, Severities: []int{1, 2}, Kinds: []Kind{{"rain", make([]Cell, 2)}}},
		"other images":   {Source: "test", CleanImages: 50, Severities: []int{1, 2}},
	} {
		if _, err := model.Compare(other); err == nil || len(err.Error()) > 300 {
			t.Errorf("%s: want an error, got %v", name, err)
		}
	}
}

// brightness says class 1 where the first value is above .5.
type brightness struct{ asked int }

func (b *brightness) Logits(images ...[]float32) (out [][]float32, err error) {
	for _, x := range images {
		b.asked++
		out = append(out, []float32{.5 - x[0], x[0] - .5})
	}
	return out, nil
}

// npyFile writes bytes as NumPy does.
func npyFile(t *testing.T, path, kind string, shape []int, values []byte) {
	t.Helper()
	words := make([]string, len(shape))
	for i, d := range shape {
		words[i] = fmt.Sprint(d)
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }\n", kind, strings.Join(words, ", "))
	raw := append([]byte("\x93NUMPY\x01\x00"), byte(len(text)), 0)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(append(raw, text...), values...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestFiles measures both layouts; the images of severity s of fog are right up to
// the s-th from the end.
func TestFiles(t *testing.T) {
	const n = 6
	cifar, mnist := t.TempDir(), t.TempDir()
	var fog, snow, labels []byte
	for s := 1; s <= 5; s++ {
		for i := range n {
			v := byte(250)
			if i >= n-s {
				v = 5
			}
			fog, snow = append(fog, v, 0, 0, 0), append(snow, 250, 0, 0, 0)
			labels = append(labels, 1)
		}
	}
	npyFile(t, filepath.Join(cifar, "fog.npy"), "|u1", []int{5 * n, 2, 2, 1}, fog)
	npyFile(t, filepath.Join(cifar, "snow.npy"), "|u1", []int{5 * n, 2, 2}, snow)
	npyFile(t, filepath.Join(cifar, "labels.npy"), "|u1", []int{5 * n}, labels)
	var wide []byte
	for range n {
		wide = binary.LittleEndian.AppendUint64(wide, 1)
	}
	npyFile(t, filepath.Join(mnist, "fog", "test_images.npy"), "|u1", []int{n, 2, 2, 1}, fog[:4*n])
	npyFile(t, filepath.Join(mnist, "fog", "test_labels.npy"), "<i8", []int{n}, wide)
	for _, c := range []struct {
		dir, choice string
		images      int
		want        [][]int
	}{
		{cifar, "corruption", 0, [][]int{{5, 4, 3, 2, 1}, {6, 6, 6, 6, 6}}},
		{cifar, "corruption(kinds=fog,severities=2 5)", 0, [][]int{{4, 1}}},
		{cifar, "corruption(kinds=fog)", 3, [][]int{{3, 3, 3, 2, 1}}},
		{mnist, "corruption", 0, [][]int{{5}}},
	} {
		f, err := OpenFiles(c.dir, c.images, 2, 2, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		choice, err := Parse(c.choice)
		if err != nil {
			t.Fatal(err)
		}
		m := Measurement{Model: new(brightness), Source: f, Choice: choice, Size: 4, Batch: 4}
		table, err := m.NewTable()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Run(t.Context(), table); err != nil {
			t.Fatal(err)
		}
		var got [][]int
		for _, k := range table.Kinds {
			var row []int
			for _, cell := range k.Cells {
				row = append(row, cell.Correct)
			}
			got = append(got, row)
		}
		if !slices.EqualFunc(got, c.want, slices.Equal) {
			t.Errorf("%s: want %v, got %v", c.choice, c.want, got)
		}
		f.Close()
	}
}

// TestFilesRefused: damaged and unfit folders are refused, with what is wrong.
func TestFilesRefused(t *testing.T) {
	labels := make([]byte, 10)
	for want, make := range map[string]func(dir string){
		"want KIND/": func(string) {},
		"labels.npy": func(dir string) {
			npyFile(t, filepath.Join(dir, "fog.npy"), "|u1", []int{10, 2, 2, 1}, make([]byte, 40))
		},
		"as this model sees": func(dir string) {
			npyFile(t, filepath.Join(dir, "fog.npy"), "|u1", []int{10, 3, 2, 1}, make([]byte, 60))
		},
		"in each of 5": func(dir string) {
			npyFile(t, filepath.Join(dir, "fog.npy"), "|u1", []int{9, 2, 2, 1}, make([]byte, 36))
		},
		"fog.npy: want a file": func(dir string) {
			npyFile(t, filepath.Join(dir, "fog.npy"), "|u1", []int{10, 2, 2, 1}, make([]byte, 39))
		},
		"want 2 labels": func(dir string) {
			npyFile(t, filepath.Join(dir, "fog.npy"), "|u1", []int{10, 2, 2, 1}, make([]byte, 40))
		},
		"bytes of shape": func(dir string) {
			npyFile(t, filepath.Join(dir, "fog.npy"), "<f4", []int{10, 2, 2, 1}, make([]byte, 160))
		},
	} {
		dir := t.TempDir()
		switch want {
		case "want KIND/":
		case "labels.npy":
		case "want 2 labels":
			npyFile(t, filepath.Join(dir, "labels.npy"), "|u1", []int{9}, labels[:9])
		default:
			npyFile(t, filepath.Join(dir, "labels.npy"), "|u1", []int{10}, labels)
		}
		make(dir)
		if _, err := OpenFiles(dir, 0, 2, 2, 1, 2); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "attack.corruptions") || len(err.Error()) > 300+len(dir) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	dir := t.TempDir()
	npyFile(t, filepath.Join(dir, "fog.npy"), "|u1", []int{10, 2, 2, 1}, make([]byte, 40))
	labels[3] = 7
	npyFile(t, filepath.Join(dir, "labels.npy"), "|u1", []int{10}, labels)
	if _, err := OpenFiles(dir, 0, 2, 2, 1, 2); err == nil || !strings.Contains(err.Error(), "labels of 0..1, got 7 of image 3") {
		t.Errorf("a label that is no class: %v", err)
	}
	f, err := OpenFiles(dir, 1, 2, 2, 1, 2) // which takes the first image of each severity
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// TestMeasureResumes: what is measured is not measured again, and a measurement
// that is cancelled keeps it.
func TestMeasureResumes(t *testing.T) {
	set := attacks.Images{Pixels: make([]float32, 4*9), Labels: []int32{0, 0, 1, 0}, Index: []int{0, 1, 2, 3}}
	choice, err := Parse("corruption(kinds=box brightness)")
	if err != nil {
		t.Fatal(err)
	}
	model := new(brightness)
	ctx, cancel := context.WithCancel(t.Context())
	cells := 0
	m := Measurement{Model: model, Source: &Made{Images: set, H: 3, W: 3, C: 1}, Choice: choice, Size: 9, Batch: 2, Keep: func(*Table) error {
		if cells++; cells == 4 {
			cancel()
		}
		return nil
	}}
	table, err := m.NewTable()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(ctx, table); !errors.Is(err, context.Canceled) || table.Done() {
		t.Fatalf("want it cancelled, got %v", err)
	}
	if err := m.Run(t.Context(), table); err != nil || !table.Done() {
		t.Fatal(err)
	}
	if want := 2 * 5 * 4; model.asked != want {
		t.Errorf("want each of %d images classified once, got %d", want, model.asked)
	}
	for _, k := range table.Kinds { // black images of class 0, but for one
		if c := k.Cells[0]; c.Images != 4 || c.Correct != 3 {
			t.Errorf("%s: %+v", k.Name, c)
		}
	}
	for _, text := range []string{"corruption(kinds=fog)", "corruption(severities=6)", "corruption(kind=box)"} {
		c, err := Parse(text)
		if err == nil {
			m.Choice = c
			_, err = m.NewTable()
		}
		if err == nil {
			t.Errorf("%s: want an error", text)
		}
	}
}
