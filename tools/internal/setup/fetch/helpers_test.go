package fetch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
)

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

// lockless reports whether this system locks no folders.
func lockless() bool { return runtime.GOOS != "linux" && runtime.GOOS != "darwin" }
