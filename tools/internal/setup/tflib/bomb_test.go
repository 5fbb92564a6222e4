package tflib

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A wheel whose libraries unpack to far more than is known of it is refused before
// anything is written, and one whose directory lies while it is unpacked.
func TestWheelBomb(t *testing.T) {
	c, dir, _ := setup(t)
	files := wheelFiles()
	files["tensorflow/"+names("linux").wheelLibrary()] = strings.Repeat("\x00", 3_000_000)
	out := filepath.Join(dir, "out")
	must(t, os.Mkdir(out, 0o755))
	_, err := c.unpack(t.Context(), writeWheel(t, dir, files), out)
	wantError(t, err, "test.whl: want libraries and headers of about 1 MB, got more than twice as much with \"tensorflow/libtensorflow_cc.so.2\"")
	if left, _ := os.ReadDir(out); len(left) > 0 {
		t.Errorf("written: %v", left)
	}

	var packed, wheel bytes.Buffer
	body := make([]byte, 3_000_000)
	z, err := flate.NewWriter(&packed, flate.BestCompression)
	must(t, err)
	_, err = z.Write(body)
	must(t, err)
	must(t, z.Close())
	w := zip.NewWriter(&wheel)
	f, err := w.CreateRaw(&zip.FileHeader{
		Name: "tensorflow/" + names("linux").wheelLibrary(), Method: zip.Deflate,
		CRC32: crc32.ChecksumIEEE(body), CompressedSize64: uint64(packed.Len()), UncompressedSize64: 1000,
	})
	must(t, err)
	_, err = f.Write(packed.Bytes())
	must(t, err)
	must(t, w.Close())
	path := filepath.Join(dir, "lies.whl")
	must(t, os.WriteFile(path, wheel.Bytes(), 0o644))
	if _, err = c.unpack(t.Context(), path, out); err == nil {
		t.Error("accepted")
	}
	if info, err := os.Stat(filepath.Join(out, "lib", names("linux").wheelLibrary())); err == nil && info.Size() > 200_000 {
		t.Errorf("%d bytes written of a file that says 1000", info.Size())
	}
}

// The licence files come along with the libraries.
func TestWheelLicences(t *testing.T) {
	c, dir, _ := setup(t)
	files := wheelFiles()
	files["tensorflow_cpu-2.18.1.dist-info/LICENSE"] = "terms"
	files["tensorflow/THIRD_PARTY_NOTICES.txt"] = "others' terms"
	out := filepath.Join(dir, "out")
	must(t, os.Mkdir(out, 0o755))
	_, err := c.unpack(t.Context(), writeWheel(t, dir, files), out)
	must(t, err)
	for _, name := range []string{"LICENSE", "THIRD_PARTY_NOTICES.txt"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}
