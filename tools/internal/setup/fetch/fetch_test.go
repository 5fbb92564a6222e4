package fetch

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// content is what the servers of these tests have: 200,000 bytes without a pattern of small period.
var content = func() []byte {
	b := make([]byte, 200_000)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223 // Numerical Recipes
		b[i] = byte(x >> 24)
	}
	return b
}()

// The ways to a whole file. before is what an earlier run left of it.
func TestFetchArrives(t *testing.T) {
	half := len(content) / 2
	for name, c := range map[string]struct {
		before []byte
		tag    string
		answer func(n int, w http.ResponseWriter, r *http.Request)
		ranges string
	}{
		"at once": {nil, "", func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, "") }, "[]"},
		"cut off, then resumed": {nil, "", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 0 {
				w.Header().Set("ETag", `"a"`)
				cut(w, half)
			}
			if r.Header.Get("If-Range") != `"a"` {
				t.Errorf("If-Range %q", r.Header.Get("If-Range"))
			}
			whole(w, r, `"a"`)
		}, "[ bytes=100000-]"},
		"cut off with a weak tag, which proves nothing": {nil, "", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 0 {
				w.Header().Set("ETag", `W/"a"`)
				cut(w, half)
			}
			if r.Header.Get("If-Range") != "" {
				t.Errorf("If-Range %q", r.Header.Get("If-Range"))
			}
			whole(w, r, "")
		}, "[ bytes=100000-]"},
		"an earlier run's part": {content[:half], `"a"`, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, `"a"`) }, "[bytes=100000-]"},
		"no tag":                {content[:half], "", func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, "") }, "[bytes=100000-]"},
		"all but its name":      {content, `"a"`, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, `"a"`) }, "[]"},
		"another version since": {bytes.Repeat([]byte{1}, half), `"old"`, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, `"new"`) }, "[bytes=100000-]"},
		"a part that is too long": {append(bytes.Clone(content), 1), `"a"`,
			func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, `"a"`) }, "[]"},
		"no ranges": {content[:half], `"a"`, func(_ int, w http.ResponseWriter, _ *http.Request) { w.Write(content) }, "[bytes=100000-]"},
		"no ranges and cut off": {nil, "", func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 0 {
				cut(w, half)
			}
			w.Write(content)
		}, "[ bytes=100000-]"},
		"range refused": {content[:half], "", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 0 {
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return
			}
			whole(w, r, "")
		}, "[bytes=100000- ]"},
		"another range than asked for": {content[:half], "", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 0 {
				w.Header().Set("Content-Range", fmt.Sprintf("bytes 5-%d/%d", len(content)-1, len(content)))
				w.WriteHeader(http.StatusPartialContent)
				w.Write(content[5:])
				return
			}
			whole(w, r, "")
		}, "[bytes=100000- ]"},
		"busy, then not": {nil, "", func(n int, w http.ResponseWriter, r *http.Request) {
			if n < 2 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			whole(w, r, "")
		}, "[  ]"},
		"cut off more often than tries, with progress": {nil, "", func(n int, w http.ResponseWriter, r *http.Request) {
			if n < 7 {
				var from int
				fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
				w.Header().Set("Content-Length", fmt.Sprint(len(content)-from))
				if from > 0 {
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
					w.WriteHeader(http.StatusPartialContent)
				}
				w.Write(content[from : from+10000])
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}
			whole(w, r, "")
		}, "[ bytes=10000- bytes=20000- bytes=30000- bytes=40000- bytes=50000- bytes=60000- bytes=70000-]"},
		"rest of unknown total": {content[:half], "", func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/*", half, len(content)-1))
			w.Header().Set("Content-Length", fmt.Sprint(len(content)-half))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content[half:])
		}, "[bytes=100000-]"},
		"redirected": {nil, "", func(_ int, w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/elsewhere/") {
				http.Redirect(w, r, "/elsewhere/x", http.StatusFound)
				return
			}
			whole(w, r, "")
		}, "[ ]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.answer)
			dir := filepath.Join(t.TempDir(), "a", "b")
			if c.before != nil {
				if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "x"+partSuffix), c.before, 0o600)); err != nil {
					t.Fatal(err)
				}
				if c.tag != "" {
					if err := os.WriteFile(filepath.Join(dir, "x"+tagSuffix), []byte(c.tag), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			set := Set{Address: s.URL + "/set/", Files: []File{fileOf("x", content)}}
			if err := patient().Fetch(context.Background(), set, dir); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, "x"))
			if err != nil || !bytes.Equal(got, content) || fmt.Sprint(names(t, dir)) != "[x]" {
				t.Errorf("%d bytes, %v, in %v", len(got), err, names(t, dir))
			}
			if fmt.Sprint(s.asked()) != c.ranges {
				t.Errorf("asked for %v, want %s", s.asked(), c.ranges)
			}
			before := len(s.asked())
			if err := patient().Fetch(context.Background(), set, dir); err != nil || len(s.asked()) != before {
				t.Errorf("a second fetch: %v, asked %d times more", err, len(s.asked())-before)
			}
		})
	}
}

// A file of that name with other content is somebody's: it is left alone.
func TestFetchLeavesOtherFiles(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, "") })
	for want, b := range map[string][]byte{"want 200000 bytes, got 4: another file": []byte("mine"), "want SHA-256": make([]byte, len(content))} {
		dir := t.TempDir()
		path := filepath.Join(dir, "x")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		err := patient().Fetch(context.Background(), Set{Address: s.URL, Files: []File{fileOf("x", content)}}, dir)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, b) || len(s.asked()) != 0 {
			t.Errorf("%d bytes left of %d", len(got), len(b))
		}
	}
}

// A folder in the place of a file, and one in the place of what is unpacked, are somebody's.
func TestFetchLeavesOtherFolders(t *testing.T) {
	packed := archive(entry{"set/a", "one", tar.TypeReg})
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.Write(packed) })
	f := fileOf("x", packed)
	f.Unpack = "set"
	for name, want := range map[string]string{
		"x":                         "x: want a file, got a folder or device: move it away and fetch again",
		"x" + partSuffix:            "x.part: want a file, got a folder or device: move it away and fetch again",
		"set":                       "set: want a folder unpacked from x by this command, got one without its mark (.unwarp-fetched: no such file or directory): if you unpacked it yourself, use it",
		"set/" + markerFile + "/in": "got one without its mark (.unwarp-fetched: is a directory)",
	} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		err := patient().Fetch(context.Background(), Set{Address: s.URL, Files: []File{f}}, dir)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || len(s.asked()) > 0 {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "set"), 0o700), os.WriteFile(filepath.Join(dir, "set", markerFile), []byte("0f\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := patient().Fetch(context.Background(), Set{Address: s.URL, Files: []File{f}}, dir); err == nil || !strings.Contains(err.Error(), "want the content of x, got that of another archive") {
		t.Errorf("another archive: %v", err)
	}
}

// Of two fetches into one folder the second is refused, and harms nothing.
func TestFetchTogether(t *testing.T) {
	if lockless() {
		t.Skip("folders cannot be locked here")
	}
	begun, proceed := make(chan bool), make(chan bool)
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 0 {
			close(begun)
		}
		<-proceed
		whole(w, r, "")
	})
	set, dir := Set{Address: s.URL, Files: []File{fileOf("x", content)}}, t.TempDir()
	first := make(chan error)
	go func() { first <- patient().Fetch(context.Background(), set, dir) }()
	<-begun
	if err := patient().Fetch(context.Background(), set, dir); err == nil || !strings.Contains(err.Error(), dir+": want one fetch at a time into a folder, another is under way: wait") {
		t.Errorf("the second: %v", err)
	}
	close(proceed)
	if err := <-first; err != nil {
		t.Errorf("the first: %v", err)
	}
	if err := patient().Fetch(context.Background(), set, dir); err != nil || fmt.Sprint(names(t, dir)) != "[x]" {
		t.Errorf("afterwards: %v, left %v", err, names(t, dir))
	}
}

// Cancelled in the middle: the part stays, and the next fetch goes on from it.
func TestFetchCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n > 0 {
			whole(w, r, "")
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:50_000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	dir := t.TempDir()
	set := Set{Address: s.URL, Files: []File{fileOf("x", content)}}
	d := patient()
	d.Progress = func(_ File, done int64) {
		if done == 50_000 {
			cancel()
		}
	}
	if err := d.Fetch(ctx, set, dir); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if n := fileSize(filepath.Join(dir, "x"+partSuffix)); n != 50_000 {
		t.Errorf("%d bytes kept", n)
	}
	if err := d.Fetch(context.Background(), set, dir); err != nil || fmt.Sprint(s.asked()) != "[ bytes=50000-]" {
		t.Errorf("error %v, asked %v", err, s.asked())
	}
}
