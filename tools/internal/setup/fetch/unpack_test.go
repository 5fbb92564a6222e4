package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// entry is one of an archive.
type entry struct {
	name, body string
	kind       byte
}

func archive(entries ...entry) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: 0o644, Size: int64(len(e.body))}
		if e.kind == tar.TypeSymlink || e.kind == tar.TypeLink {
			h.Linkname, h.Size = e.body, 0
		}
		if err := w.WriteHeader(h); err != nil {
			panic(err)
		}
		if h.Size > 0 {
			w.Write([]byte(e.body))
		}
	}
	w.Close()
	z.Close()
	return b.Bytes()
}

func TestUnpack(t *testing.T) {
	for _, c := range []struct {
		name    string
		content []byte
		want    string // of an error; "" for none
	}{
		{"good", archive(entry{"set/", "", tar.TypeDir}, entry{"set/a", "one", tar.TypeReg}, entry{"./set/deep/b", "two", tar.TypeReg}), ""},
		{"outside", archive(entry{"set/a", "one", tar.TypeReg}, entry{"other/b", "", tar.TypeReg}), `want names in folder set alone, got "other/b"`},
		{"upwards", archive(entry{"set/../../b", "x", tar.TypeReg}), `got "set/../../b"`},
		{"absolute", archive(entry{"/etc/b", "x", tar.TypeReg}), `got "/etc/b"`},
		{"link", archive(entry{"set/a", "/etc", tar.TypeSymlink}, entry{"set/a/b", "x", tar.TypeReg}), `got "set/a", a link or device`},
		{"hard link", archive(entry{"set/a", "set/b", tar.TypeLink}), "a link or device"},
		{"pipe", archive(entry{"set/a", "", tar.TypeFifo}), "a link or device"},
		{"twice", archive(entry{"set/a", "x", tar.TypeReg}, entry{"set/a", "y", tar.TypeReg}), "exists"},
		{"file and folder", archive(entry{"set/a", "x", tar.TypeReg}, entry{"set/a/b", "y", tar.TypeReg}), "not a directory"},
		{"nothing", archive(entry{"set/", "", tar.TypeDir}), "want files in folder set, got none"},
		{"no archive", []byte("hello"), "want a .tar.gz"},
		{"no tar", func() []byte {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(content[:2000])
			z.Close()
			return b.Bytes()
		}(), "want a whole archive"},
		{"truncated", func() []byte { b := archive(entry{"set/a", string(content), tar.TypeReg}); return b[:len(b)/2] }(), "unexpected EOF"},
		{"checksum", func() []byte {
			b := archive(entry{"set/a", "x", tar.TypeReg})
			b[len(b)-5] ^= 1
			return b
		}(), "checksum"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.Write(c.content) })
			dir := filepath.Join(t.TempDir(), "in")
			f := fileOf("x.tar.gz", c.content)
			f.Unpack = "set"
			set := Set{Address: s.URL, Files: []File{f}}
			err := patient().Fetch(context.Background(), set, dir)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || fmt.Sprint(names(t, dir)) != "[x.tar.gz]" {
					t.Errorf("error %v, want %q; left %v", err, c.want, names(t, dir))
				}
				if up := names(t, filepath.Dir(dir)); len(up) != 1 {
					t.Errorf("beside the folder: %v", up)
				}
				return
			}
			a, _ := os.ReadFile(filepath.Join(dir, "set", "a"))
			b, _ := os.ReadFile(filepath.Join(dir, "set", "deep", "b"))
			if err != nil || string(a) != "one" || string(b) != "two" || fmt.Sprint(names(t, dir)) != "[set]" {
				t.Errorf("%v: %q, %q in %v", err, a, b, names(t, dir))
			}
			if err := patient().Fetch(context.Background(), set, dir); err != nil || len(s.asked()) != 1 {
				t.Errorf("again: %v, asked %d times", err, len(s.asked()))
			}
		})
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(archive(entry{"set/a", "one", tar.TypeReg}))
	f.Add(archive(entry{"set/a", "/etc", tar.TypeSymlink}, entry{"set/a/b", "x", tar.TypeReg}))
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, b []byte) {
		outer := t.TempDir()
		inner := filepath.Join(outer, "in")
		if err := os.Mkdir(inner, 0o700); err != nil {
			t.Fatal(err)
		}
		_ = unpackFiles(context.Background(), bytes.NewReader(b), File{Unpack: "set"}, inner)
		if all := names(t, outer); len(all) != 1 {
			t.Fatalf("written beside the folder: %v", all)
		}
	})
}
