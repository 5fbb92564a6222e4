package tflib

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The wheel of the tests: what must be taken out of it, and what must not.
var (
	framework = "ELF\x00" + "1.2.3\x00" + "2.18.1\x00" + strings.Repeat("f", 4000)
	wanted    = map[string]string{ // name in the entry -> content
		"lib/libtensorflow_cc.so.2":                   strings.Repeat("library ", 100_000),
		"lib/libtensorflow_framework.so.2":            framework,
		"include/tensorflow/c/c_api.h":                "#include \"tensorflow/c/tf_status.h\"\n",
		"include/tensorflow/c/eager/c_api.h":          "eager\n",
		"include/tensorflow/core/platform/ctstring.h": "ct\n",
		"include/tensorflow/core/public/version.h":    "#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 18\n#define TF_PATCH_VERSION 1\n",
		"include/tsl/platform/ctstring_internal.h":    "internal\n",
		"include/xla/tsl/c/tsl_status.h":              "status\n",
	}
	unwanted = map[string]string{
		"tensorflow/__init__.py":                     "raise SystemExit\n",
		"tensorflow/python/libtensorflow_cc.so.2":    "not this one",
		"tensorflow/include/tensorflow/c/c_api.cc":   "no header",
		"tensorflow/include/tensorflow/core/other.h": "not asked for",
		"tensorflow_cpu-2.18.1.dist-info/RECORD":     "record",
	}
)

// wheelFiles is the content of a good wheel, by the names in the wheel.
func wheelFiles() map[string]string {
	files := map[string]string{}
	for name, text := range wanted {
		files["tensorflow/"+strings.TrimPrefix(name, "lib/")] = text
	}
	for name, text := range unwanted {
		files[name] = text
	}
	return files
}

// writeWheel packs files into dir/test.whl.
func writeWheel(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, text := range files {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if target, ok := strings.CutPrefix(text, "symlink:"); ok {
			h.SetMode(fs.ModeSymlink | 0o777)
			text = target
		}
		w, err := z.CreateHeader(h)
		must(t, err)
		_, err = io.WriteString(w, text)
		must(t, err)
	}
	must(t, z.Close())
	path := filepath.Join(dir, "test.whl")
	must(t, os.WriteFile(path, buf.Bytes(), 0o644))
	return path
}

// pipScript is a pip that notes its arguments in $calls, then runs the body. It is replaced by what the body execs.
const pipScript = `#!/bin/sh
[ "$1" = --version ] && exit 0
echo "$@" >> '%[1]s/calls'
for a in "$@"; do case "$a" in --dest=*) dest="${a#*=}";; --requirement=*) cp "${a#*=}" '%[1]s/requirements';; esac; done
wheel='%[1]s/test.whl'
%[2]s
`

const pipCopies = `echo Collecting; cp "$wheel" "$TMPDIR/part"; mv "$TMPDIR/part" "$dest/"tensorflow_cpu-2.18.1-cp312.whl`

// setup is a configuration that sees nothing of this machine, in a folder with a space in its name, whose pip
// serves a good wheel.
func setup(t *testing.T) (c Config, dir string, log *syncBuffer) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "a b")
	must(t, os.MkdirAll(dir, 0o755))
	log = &syncBuffer{}
	c = Config{GOOS: "linux", GOARCH: "amd64", Cache: filepath.Join(dir, "cache"), Log: log}
	serve(t, &c, dir, writeWheel(t, dir, wheelFiles()), pipCopies)
	return c, dir, log
}

// serve makes c fetch this wheel, with the right digest, through a pip with this body.
func serve(t *testing.T, c *Config, dir, wheel, body string) {
	t.Helper()
	data, err := os.ReadFile(wheel)
	must(t, err)
	sum := sha256.Sum256(data)
	c.Wheel = Wheel{
		Package: "tensorflow-cpu==" + Version, Platform: "manylinux_2_17_x86_64",
		SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data)), Unpacked: 1_000_000,
	}
	pip := filepath.Join(dir, "pip")
	must(t, os.WriteFile(pip, fmt.Appendf(nil, pipScript, dir, body), 0o755))
	c.Pips = [][]string{{filepath.Join(dir, "no such pip")}, {pip}}
}

// calls counts the downloads.
func calls(t *testing.T, dir string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		return 0
	}
	return bytes.Count(data, []byte("\n"))
}

// nothingLeft checks that the cache holds nothing but, perhaps, the lock.
func nothingLeft(t *testing.T, c Config) {
	t.Helper()
	entries, _ := os.ReadDir(c.Cache)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".lock") {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

// checkEntry compares a fetched entry with the wheel it came from, file by file.
func checkEntry(t *testing.T, c Config, lib Library) {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(c.entry(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, _ := filepath.Rel(c.entry(), path)
		text, err := os.ReadFile(path)
		got[name] = string(text)
		return err
	})
	must(t, err)
	delete(got, manifestName)
	for name, text := range wanted {
		if got[name] != text {
			t.Errorf("%s: %d bytes, want the wheel's %d", name, len(got[name]), len(text))
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s does not belong in the cache", name)
	}
	for link, target := range map[string]string{"libtensorflow.so": "libtensorflow_cc.so.2", "libtensorflow_framework.so": "libtensorflow_framework.so.2"} {
		if got, err := os.Readlink(filepath.Join(lib.Links, link)); got != target {
			t.Errorf("%s -> %q (%v), want %q", link, got, err, target)
		}
	}
	must(t, lib.Verify(context.Background()))
}

// layOut writes files below dir.
func layOut(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError checks that an error is one line that holds all the parts.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q\nlacks %q", err, part)
		}
	}
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("waited in vain: %s", what)
}

// syncBuffer is a log that several goroutines write and read.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
