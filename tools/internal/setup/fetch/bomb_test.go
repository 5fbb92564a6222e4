package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// zipped compresses what r holds.
func zipped(r io.Reader) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.Copy(z, r)
	z.Close()
	return b.Bytes()
}

// An archive of more than the catalogue says is refused before it fills the disk.
func TestUnpackBomb(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"more bytes": {archive(entry{"set/a", strings.Repeat("a", 600), tar.TypeReg}, entry{"set/b", strings.Repeat("b", 600), tar.TypeReg}), `want at most 1000 bytes of files, got more with "set/b"`},
		"after the end": {append(archive(entry{"set/a", "x", tar.TypeReg}), zipped(io.LimitReader(zeros{}, 1000+tarBlock*maxEntries))...),
			"want at most 1000 bytes, got more after the last file"},
	} {
		dir := t.TempDir()
		err := unpackFiles(context.Background(), bytes.NewReader(c.content), File{Unpack: "set", Unpacked: 1000}, dir)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "in")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	names := []entry{{"set/a", "", tar.TypeDir}}
	for range maxEntries {
		names = append(names, names[0]) // a folder that is there costs nothing
	}
	if err := unpackFiles(context.Background(), bytes.NewReader(archive(names...)), File{Unpack: "set"}, dir); err == nil || !strings.Contains(err.Error(), "want at most 100000 files and folders") {
		t.Errorf("many entries: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// The catalogue's own limit is above what its archive holds, and sizes without
// sense are refused.
func TestUnpackedLimit(t *testing.T) {
	if f := BuiltInCatalogue()["cifar10"].Files[0]; f.unpackedLimit() != 200_000_000 {
		t.Errorf("got %d", f.unpackedLimit())
	}
	for _, n := range []string{"-1", "9e18"} {
		if _, err := ReadCatalogue([]byte("a: {address: 'http://x', files: [{name: a, size: 1, unpacked: " + n + ", sha256: " + strings.Repeat("0a", 32) + "}]}")); err == nil || !strings.Contains(err.Error(), "unpacked") {
			t.Errorf("%s: %v", n, err)
		}
	}
}
