package vnnlib

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/certify"
)

var (
	declared = regexp.MustCompile(`^\(declare-const ([XY])_(\d+) Real\)$`)
	bound    = regexp.MustCompile(`^\(assert \(([<>])= X_(\d+) (-?\d+\.\d+)\)\)$`)
	greater  = regexp.MustCompile(`^    \(and \(>= Y_(\d+) Y_(\d+)\)\)$`)
)

// read reads a property line by line: bounds by pixel in the order of the file, and
// which classes are compared with the label.
func read(t *testing.T, text string) (lower, upper []float64, classes int, rivals []int, label int) {
	t.Helper()
	label = -1
	for _, line := range strings.Split(text, "\n") {
		switch {
		case line == "" || line[0] == ';' || line == "(assert (or" || line == "))":
		case declared.MatchString(line):
			m := declared.FindStringSubmatch(line)
			count := &classes
			if m[1] == "X" {
				lower, upper = append(lower, math.NaN()), append(upper, math.NaN())
				n := len(lower) - 1
				count = &n
			} else {
				classes++
				n := classes - 1
				count = &n
			}
			if strconv.Itoa(*count) != m[2] {
				t.Errorf("%q out of order", line)
			}
		case bound.MatchString(line):
			m := bound.FindStringSubmatch(line)
			i, _ := strconv.Atoi(m[2])
			v, _ := strconv.ParseFloat(m[3], 64)
			if m[1] == ">" {
				lower[i] = v
			} else {
				upper[i] = v
			}
		case greater.MatchString(line):
			m := greater.FindStringSubmatch(line)
			k, _ := strconv.Atoi(m[1])
			y, _ := strconv.Atoi(m[2])
			rivals = append(rivals, k)
			if label >= 0 && label != y {
				t.Errorf("%q of another label than %d", line, label)
			}
			label = y
		default:
			t.Errorf("no line of the form: %q", line)
		}
	}
	return lower, upper, classes, rivals, label
}

var victim = attacks.Victim{H: 2, W: 3, C: 2, Classes: 4}

func threeImages() (attacks.Images, []certify.Result) {
	images := attacks.Images{Labels: []int32{1, 0, 3}, Index: []int{7, 8, 12}}
	for i := range 36 {
		images.Pixels = append(images.Pixels, float32(i)/35)
	}
	return images, []certify.Result{{Status: certify.Open}, {Status: certify.Proven}, {Status: certify.Open}}
}

// A text says the box of the open images, channels first, cut by [0,1], and asks for
// each other class.
func TestProperties(t *testing.T) {
	images, results := threeImages()
	open := Open(victim, images, results, .1)
	if len(open) != 2 || open[0].Name != "image-7-eps-0.1" || open[1].Name != "image-12-eps-0.1" {
		t.Fatalf("got %+v", open)
	}
	for n, at := range []int{0, 2} {
		lower, upper, classes, rivals, label := read(t, string(open[n].Text()))
		if len(lower) != 12 || classes != 4 || label != int(images.Labels[at]) || len(rivals) != 3 || slices.Contains(rivals, label) {
			t.Fatalf("got %d values, %d classes, label %d, rivals %v", len(lower), classes, label, rivals)
		}
		for y := range 2 {
			for x := range 3 {
				for c := range 2 {
					v := float64(images.Pixels[at*12+(y*3+x)*2+c])
					i := (c*2+y)*3 + x
					if lower[i] != max(0, v-float64(float32(.1))) || upper[i] != min(1, v+float64(float32(.1))) {
						t.Errorf("image %d, value %d: [%v,%v] around %v", at, i, lower[i], upper[i], v)
					}
				}
			}
		}
	}
}

// Numbers stand without an exponent, and are read as what they were.
func TestDecimal(t *testing.T) {
	for _, v := range []float64{0, 1, 1e-9, 3e-40, .1, 1. / 3, float64(float32(.3)) - .1, -2.5} {
		text := decimal(v)
		if got, err := strconv.ParseFloat(text, 64); err != nil || got != v || strings.ContainsAny(text, "eE") || !strings.Contains(text, ".") {
			t.Errorf("%g: got %q", v, text)
		}
	}
}

// A folder has the network, the properties and a list of them, and replaces an
// earlier one whole.
func TestWrite(t *testing.T) {
	images, results := threeImages()
	open := Open(victim, images, results, .1)
	dir := filepath.Join(t.TempDir(), "not", "there")
	for _, properties := range [][]Property{open, open[1:], nil} {
		if err := Write(dir, []byte("network"), properties, 116.5); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(filepath.Join(dir, "instances.csv"))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil || len(rows) != len(properties) {
			t.Fatalf("want %d rows, got %v, %v", len(properties), rows, err)
		}
		for i, row := range rows {
			network, err := os.ReadFile(filepath.Join(dir, row[0]))
			if err != nil || string(network) != "network" || row[2] != "116.5" {
				t.Errorf("row %v: %q, %v", row, network, err)
			}
			text, err := os.ReadFile(filepath.Join(dir, row[1]))
			if err != nil || string(text) != string(properties[i].Text()) {
				t.Errorf("row %v: %v", row, err)
			}
		}
		left, _ := os.ReadDir(filepath.Join(dir, "vnnlib"))
		around, _ := os.ReadDir(filepath.Dir(dir))
		if len(left) != len(properties) || len(around) != 1 {
			t.Errorf("want %d properties and nothing beside the folder, got %v, %v", len(properties), left, around)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	foreign := filepath.Join(dir, "foreign")
	half := filepath.Join(dir, "half")
	if os.WriteFile(file, []byte("mine"), 0o666) != nil || os.MkdirAll(filepath.Join(foreign, "thesis"), 0o777) != nil || os.MkdirAll(filepath.Join(half, "onnx"), 0o777) != nil {
		t.Fatal("no files")
	}
	images, results := threeImages()
	good := Open(victim, images, results, .1)[0]
	bad := good
	bad.Upper = slices.Clone(good.Upper)
	bad.Upper[3] = -1
	name := good
	name.Name = "../x"
	for part, write := range map[string]func() error{
		"not a directory":       func() error { return Write(file, nil, nil, 1) },
		"thesis":                func() error { return Write(foreign, nil, nil, 1) },
		"without instances.csv": func() error { return Write(half, nil, nil, 1) },
		"the box is empty":      func() error { return Write(filepath.Join(dir, "a"), nil, []Property{bad}, 1) },
		"letters":               func() error { return Write(filepath.Join(dir, "b"), nil, []Property{name}, 1) },
		"of at least 2 classes": func() error {
			return Write(filepath.Join(dir, "c"), nil, []Property{{H: 1, W: 1, C: 1, Lower: []float64{0}, Upper: []float64{1}}}, 1)
		},
		"want bounds of": func() error { return Write(filepath.Join(dir, "d"), nil, []Property{{H: 1, W: 1, C: 1}}, 1) },
	} {
		if err := write(); err == nil || !strings.Contains(err.Error(), part) || len(err.Error()) > 300 {
			t.Errorf("want an error with %q, got %v", part, err)
		}
	}
	if raw, _ := os.ReadFile(file); string(raw) != "mine" {
		t.Error("want the file as it was")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 3 {
		t.Errorf("want nothing new, got %v", entries)
	}
}
