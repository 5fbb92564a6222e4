package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
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

// fileOf is the catalogue's entry for a content.
func fileOf(name string, b []byte) File {
	sum := sha256.Sum256(b)
	return File{Name: name, Size: int64(len(b)), SHA256: hex.EncodeToString(sum[:])}
}

// patient is a fetcher that does not make tests wait.
func patient() *Fetcher {
	d := New()
	d.Pause, d.Stall, d.Tries = time.Millisecond, 5*time.Second, 3
	return d
}

// server answers as told and notes what it was asked.
type server struct {
	*httptest.Server
	lock   sync.Mutex
	ranges []string // the Range header of each request
}

func serve(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.lock.Lock()
		n := len(s.ranges)
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.lock.Unlock()
		answer(n, w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// asked are the ranges asked for so far.
func (s *server) asked() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return append([]string(nil), s.ranges...)
}

// whole serves the content as a file server does, ranges and tags included.
func whole(w http.ResponseWriter, r *http.Request, tag string) {
	if tag != "" {
		w.Header().Set("ETag", tag)
	}
	http.ServeContent(w, r, "x", time.Time{}, bytes.NewReader(content))
}

// cut sends n bytes of the content and breaks the connection.
func cut(w http.ResponseWriter, n int) {
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	w.Write(content[:n])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

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
				if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "x"+partEnd), c.before, 0o600)); err != nil {
					t.Fatal(err)
				}
				if c.tag != "" {
					if err := os.WriteFile(filepath.Join(dir, "x"+tagEnd), []byte(c.tag), 0o600); err != nil {
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

// What must not arrive: each leaves no file, and a part only where the part is good.
func TestFetchErrors(t *testing.T) {
	altered := bytes.Clone(content)
	altered[150_000] ^= 1
	half := len(content) / 2
	for name, c := range map[string]struct {
		before []byte
		answer func(w http.ResponseWriter, r *http.Request)
		want   string
		left   string
		asked  int
	}{
		"altered":                  {nil, func(w http.ResponseWriter, _ *http.Request) { w.Write(altered) }, "what came is not the file of the catalogue: x, SHA-256 or size differ: removed", "[]", 1},
		"a part of something else": {altered[:160_000], func(w http.ResponseWriter, r *http.Request) { whole(w, r, "") }, "what came is not the file", "[]", 1},
		"missing":                  {content[:half], func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "want the file, the server says 404 Not Found: give another address with --from URL", "[x.part]", 1},
		"forbidden":                {nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "403 Forbidden", "[]", 1},
		"broken server":            {nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "the server says 502 Bad Gateway", "[]", 3},
		"another size":             {nil, func(w http.ResponseWriter, _ *http.Request) { w.Write(content[:99]) }, "want a file of 200000 bytes, the server has one of 99: it is another file", "[]", 1},
		"another size of which to give": {content[:half], func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "x", time.Time{}, bytes.NewReader(append(content[:len(content):len(content)], 0)))
		}, "the server has one of 200001", "[x.part]", 1},
		"longer, without saying so": {nil, func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.Write(append(content[:len(content):len(content)], 0))
		}, "want 200000 bytes, got more", "[]", 1},
		"shorter, without saying so": {nil, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" { // nothing more comes
				w.Header().Set("Content-Range", "bytes 100000-199999/200000")
				w.WriteHeader(http.StatusPartialContent)
				w.(http.Flusher).Flush()
				return
			}
			w.(http.Flusher).Flush()
			w.Write(content[:half])
		}, "the download was cut off after 100000: 100000 of 200000 bytes are kept in", "[x.part]", 3},
		"cut off": {nil, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("ETag", `"a"`)
			cut(w, half)
		}, "give the same command to go on", "[x.part x.part.tag]", 3},
		"cut off, and no ranges": {nil, func(w http.ResponseWriter, _ *http.Request) { cut(w, half) },
			"asked for the rest it sends all of the file from the start, so going on will not help: give another address with --from URL, or fetch x by hand", "[x.part]", 3},
		"redirects without end": {nil, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, "stopped after 10 redirects", "[]", 30},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { c.answer(w, r) })
			dir := t.TempDir()
			if c.before != nil {
				if err := os.WriteFile(filepath.Join(dir, "x"+partEnd), c.before, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := patient().Fetch(context.Background(), Set{Address: s.URL, Files: []File{fileOf("x", content)}}, dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if got := fmt.Sprint(names(t, dir)); got != c.left {
				t.Errorf("left %s, want %s", got, c.left)
			}
			if n := len(s.asked()); n != c.asked {
				t.Errorf("asked %d times, want %d", n, c.asked)
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

// A server that knows no ranges and cuts a little later each time is given up, too.
func TestFetchNoRangesEnds(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n > 20 {
			http.NotFound(w, r)
			return
		}
		cut(w, 1000*(n+1))
	})
	err := patient().Fetch(context.Background(), Set{Address: s.URL, Files: []File{fileOf("x", content)}}, t.TempDir())
	if n := len(s.asked()); err == nil || n != 3 {
		t.Errorf("asked %d times, want 3: %v", n, err)
	}
}

// A folder in the place of a file, and one in the place of what is unpacked, are somebody's.
func TestFetchLeavesOtherFolders(t *testing.T) {
	packed := archive(entry{"set/a", "one", tar.TypeReg})
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.Write(packed) })
	f := fileOf("x", packed)
	f.Unpack = "set"
	for name, want := range map[string]string{
		"x":                     "x: want a file, got a folder or device: move it away and fetch again",
		"x" + partEnd:           "x.part: want a file, got a folder or device: move it away and fetch again",
		"set":                   "set: want a folder unpacked from x by this command, got one without its mark (.unwarp-fetched: no such file or directory): if you unpacked it yourself, use it",
		"set/" + marker + "/in": "got one without its mark (.unwarp-fetched: is a directory)",
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
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "set"), 0o700), os.WriteFile(filepath.Join(dir, "set", marker), []byte("0f\n"), 0o600)); err != nil {
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

// lockless reports whether this system locks no folders.
func lockless() bool { return runtime.GOOS != "linux" && runtime.GOOS != "darwin" }

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
	if n := size(filepath.Join(dir, "x"+partEnd)); n != 50_000 {
		t.Errorf("%d bytes kept", n)
	}
	if err := d.Fetch(context.Background(), set, dir); err != nil || fmt.Sprint(s.asked()) != "[ bytes=50000-]" {
		t.Errorf("error %v, asked %v", err, s.asked())
	}
}

// A server that falls silent is asked again, and given up when it stays so.
func TestFetchStall(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n > 1 {
			whole(w, r, "")
			return
		}
		if n == 1 {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Write(content[:1000])
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	})
	d := patient()
	d.Stall = 100 * time.Millisecond
	var said []string
	d.Note = func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	if err := d.Fetch(context.Background(), Set{Address: s.URL, Files: []File{fileOf("x", content)}}, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if len(said) != 2 || !strings.Contains(said[0], "nothing came for 100ms") || !strings.Contains(said[1], "trying again") {
		t.Errorf("said %q", said)
	}
}

func TestFetchNowhere(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, "") })
	set := Set{Address: s.URL, Files: []File{fileOf("x", content)}}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := patient().Fetch(context.Background(), set, filepath.Join(file, "dir")); err == nil || !strings.Contains(err.Error(), "want a folder to write to: not a directory") {
		t.Errorf("below a file: %v", err)
	}
	dir := t.TempDir() // the part cannot be made: a folder is in its place
	if err := os.Mkdir(filepath.Join(dir, "x"+partEnd), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := patient().take(context.Background(), bytes.NewReader(content), "http://x", fileOf("x", content), filepath.Join(dir, "x"), 0, func() {}); err == nil || !strings.Contains(err.Error(), "cannot be written: ") {
		t.Errorf("no part: %v", err)
	}
	if _, err := os.Stat("/dev/full"); err == nil { // a disk without space
		dir := t.TempDir()
		if err := os.Symlink("/dev/full", filepath.Join(dir, "x"+partEnd)); err != nil {
			t.Fatal(err)
		}
		out := &Fetcher{}
		err := out.take(context.Background(), bytes.NewReader(content), "http://x", fileOf("x", content), filepath.Join(dir, "x"), 0, func() {})
		if err == nil || !strings.Contains(err.Error(), "no space left on device: free space") {
			t.Errorf("full disk: %v", err)
		}
	}
	s.Close()
	if err := patient().Fetch(context.Background(), set, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no answer or a broken one") || !strings.Contains(err.Error(), "--from URL") {
		t.Errorf("no server: %v", err)
	}
}

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

func TestCatalogue(t *testing.T) {
	known := Known()
	for _, name := range []string{"mnist", "cifar10", "smallnorb"} {
		if s, ok := known[name]; !ok || !strings.HasPrefix(s.Address, "https://") {
			t.Errorf("%s: %v", name, s)
		}
	}
	sum := strings.Repeat("0f", 32)
	good := "a: {address: 'http://x/y', files: [{name: n, size: 3, sha256: " + sum + "}]}"
	if c, err := ReadCatalogue([]byte(good)); err != nil || c["a"].Files[0].Name != "n" {
		t.Errorf("%v, %v", c, err)
	}
	for change, want := range map[string]string{
		"http:=>ftp:": "want an address that begins with http", "http://x=>http:": "want an address", "name: n=>name: ../n": `got "../n"`,
		"name: n=>name: ''": `got ""`, "name: n=>name: n.part": `got "n.part"`, "name: n=>name: .": `got "."`, "0f0f=>0f": "want a SHA-256 of 64", "size: 3=>size: 0": "want a size",
		"size: 3=>weight: 3": "not found", "name: n=>name: n, unpack: n": `once, got "n"`, "name: n=>name: n, unpack: a/b": `got "a/b"`,
	} {
		old, now, _ := strings.Cut(change, "=>")
		if _, err := ReadCatalogue([]byte(strings.Replace(good, old, now, 1))); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", change, err, want)
		}
	}
	for _, text := range []string{"", "# nothing", "[", "a: {address: 'http://x', files: []}", "- a"} {
		if _, err := ReadCatalogue([]byte(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
	if err := patient().Fetch(context.Background(), Set{}, t.TempDir()); err == nil {
		t.Error("an empty set: no error")
	}
}

func FuzzReadCatalogue(f *testing.F) {
	f.Add(builtIn)
	f.Add([]byte("a: {address: 'http://x', files: [{name: n}]}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ReadCatalogue(b)
		if err != nil {
			return
		}
		for _, s := range c {
			for _, file := range s.Files {
				if filepath.Base(file.Name) != file.Name || file.Size < 1 {
					t.Fatalf("%+v", file)
				}
			}
		}
	})
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
		_ = unpackInto(context.Background(), bytes.NewReader(b), "set", inner)
		if all := names(t, outer); len(all) != 1 {
			t.Fatalf("written beside the folder: %v", all)
		}
	})
}
