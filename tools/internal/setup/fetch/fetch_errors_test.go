package fetch

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

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
		"altered":                  {nil, func(w http.ResponseWriter, _ *http.Request) { w.Write(altered) }, "the downloaded file is not the file of the catalogue: x, SHA-256 or size differ: removed", "[]", 1},
		"a part of something else": {altered[:160_000], func(w http.ResponseWriter, r *http.Request) { whole(w, r, "") }, "the downloaded file is not the file", "[]", 1},
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
			"asked for the rest it sends the whole file from the start, so continuing will not help: give another address with --from URL, or fetch x by hand", "[x.part]", 3},
		"redirects without end": {nil, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, "stopped after 10 redirects", "[]", 30},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { c.answer(w, r) })
			dir := t.TempDir()
			if c.before != nil {
				if err := os.WriteFile(filepath.Join(dir, "x"+partSuffix), c.before, 0o600); err != nil {
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
	if err := os.Mkdir(filepath.Join(dir, "x"+partSuffix), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := patient().appendBody(context.Background(), bytes.NewReader(content), "http://x", fileOf("x", content), filepath.Join(dir, "x"), 0, func() {}); err == nil || !strings.Contains(err.Error(), "cannot be written: ") {
		t.Errorf("no part: %v", err)
	}
	if _, err := os.Stat("/dev/full"); err == nil { // a disk without space
		dir := t.TempDir()
		if err := os.Symlink("/dev/full", filepath.Join(dir, "x"+partSuffix)); err != nil {
			t.Fatal(err)
		}
		out := &Fetcher{}
		err := out.appendBody(context.Background(), bytes.NewReader(content), "http://x", fileOf("x", content), filepath.Join(dir, "x"), 0, func() {})
		if err == nil || !strings.Contains(err.Error(), "no space left on device: free space") {
			t.Errorf("full disk: %v", err)
		}
	}
	s.Close()
	if err := patient().Fetch(context.Background(), set, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no response or an incomplete one") || !strings.Contains(err.Error(), "--from URL") {
		t.Errorf("no server: %v", err)
	}
}
