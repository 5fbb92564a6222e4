package main

import (
	"archive/zip"
	"encoding/binary"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// ndarray is an array read back.
type ndarray struct {
	kind   string
	shape  []int
	values []float64
}

var npyHeader = regexp.MustCompile(`^\{'descr': '([<|][fiu][14])', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n$`)

// readNPZ reads an .npz without the package that wrote it.
func readNPZ(t *testing.T, path string) map[string]ndarray {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	arrays := map[string]ndarray{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok || string(raw[:8]) != "\x93NUMPY\x01\x00" {
			t.Fatalf("%s: no .npy of version 1.0", f.Name)
		}
		n := 10 + int(binary.LittleEndian.Uint16(raw[8:]))
		m := npyHeader.FindStringSubmatch(string(raw[10:n]))
		if m == nil || n%64 != 0 {
			t.Fatalf("%s: header %q of %d bytes", name, raw[10:n], n)
		}
		a := ndarray{kind: m[1]}
		total := 1
		for _, d := range strings.Split(strings.TrimSuffix(m[2], ","), ",") {
			v, err := strconv.Atoi(strings.TrimSpace(d))
			if err != nil {
				t.Fatalf("%s: shape %q", name, m[2])
			}
			a.shape, total = append(a.shape, v), total*v
		}
		size := int(m[1][2] - '0')
		if len(raw)-n != total*size {
			t.Fatalf("%s: shape %v of %s, but %d bytes", name, a.shape, a.kind, len(raw)-n)
		}
		for at := n; at < len(raw); at += size {
			switch a.kind {
			case "<f4":
				a.values = append(a.values, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[at:]))))
			case "<i4":
				a.values = append(a.values, float64(int32(binary.LittleEndian.Uint32(raw[at:]))))
			case "|u1":
				a.values = append(a.values, float64(raw[at]))
			}
		}
		arrays[name] = a
	}
	return arrays
}
