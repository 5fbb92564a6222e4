package tflib

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/tools/internal/setup/ctxio"
)

// headerFolders hold what tensorflow/c/c_api.h and its siblings include, and version.h. Of the folders that
// hold much more, only the names that start so.
var headerFolders = []string{
	"tensorflow/include/tensorflow/c/",
	"tensorflow/include/tensorflow/core/platform/ctstring",
	"tensorflow/include/tensorflow/core/public/version.h",
	"tensorflow/include/tsl/platform/ctstring",
	"tensorflow/include/xla/tsl/c/",
}

// thirdParty says under which terms others' code in TensorFlow is.
const thirdParty = "THIRD_PARTY_NOTICES.txt"

// destination is where a file of the wheel goes in a cache entry, "" if it is not wanted.
func destination(name string, n fileNames) string {
	switch name {
	case "tensorflow/" + n.wheelLibrary(), "tensorflow/" + n.framework:
		return "lib/" + path.Base(name)
	}
	switch {
	case name == "tensorflow/"+thirdParty:
		return thirdParty
	case strings.HasSuffix(path.Dir(name), ".dist-info") && path.Base(name) == "LICENSE":
		return "LICENSE"
	}
	for _, folder := range headerFolders {
		if strings.HasPrefix(name, folder) && strings.HasSuffix(name, ".h") {
			return strings.TrimPrefix(name, "tensorflow/")
		}
	}
	return ""
}

// unpack takes the two libraries and the C headers out of the wheel into dir, and lists them with their digests.
func (c Config) unpack(ctx context.Context, wheel, dir string) ([]File, error) {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(wheel), err)
	}
	defer z.Close()
	n := names(c.GOOS)
	var wanted []*zip.File
	var total uint64
	for _, f := range z.File {
		if !fs.ValidPath(strings.TrimSuffix(f.Name, "/")) {
			return nil, fmt.Errorf("%s: holds the unsafe name %q", filepath.Base(wheel), f.Name)
		}
		if destination(f.Name, n) != "" && f.Mode().IsRegular() {
			wanted = append(wanted, f)
			most := 2 * uint64(c.Wheel.Unpacked)
			if total += min(f.UncompressedSize64, most+1); total > most {
				return nil, fmt.Errorf("%s: want libraries and headers of about %s, got more than twice as much with %q", filepath.Base(wheel), megabytes(c.Wheel.Unpacked), f.Name)
			}
		}
	}
	m := newMeter(c.Log, "unpacking", int64(total))
	defer m.close()
	var files []File
	for _, f := range wanted {
		name := destination(f.Name, n)
		file, err := c.unpackFile(ctx, f, filepath.Join(dir, filepath.FromSlash(name)), m)
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
		file.Name = name
		files = append(files, file)
	}
	for _, need := range []string{"lib/" + n.wheelLibrary(), "lib/" + n.framework, "include/tensorflow/c/c_api.h"} {
		if !slices.ContainsFunc(files, func(f File) bool { return f.Name == need }) {
			return nil, fmt.Errorf("%s: holds no %s", filepath.Base(wheel), need)
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

func (c Config) unpackFile(ctx context.Context, f *zip.File, to string, m *meter) (file File, err error) {
	in, err := f.Open()
	if err != nil {
		return File{}, err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return File{}, err
	}
	out, err := c.newFile(to)
	if err != nil {
		return File{}, err
	}
	h := sha256.New()
	most := int64(f.UncompressedSize64)
	size, err := io.Copy(io.MultiWriter(out, h, m), io.LimitReader(ctxio.Reader{Ctx: ctx, Reader: in}, most+1))
	if err == nil && size > most {
		err = fmt.Errorf("want %d bytes, as the wheel says, got more", most)
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return File{}, err
	}
	return File{Size: size, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}
