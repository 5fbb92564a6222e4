package tflib

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestEnsureFetchesOnce(t *testing.T) {
	c, dir, log := setup(t)
	serve(t, &c, dir, filepath.Join(dir, "test.whl"), `echo "$TMPDIR" > "${wheel%/*}/tmpdir"`+"\n"+pipCopies)
	lib, err := c.Ensure(context.Background())
	must(t, err)
	checkEntry(t, c, lib)
	if scratch, _ := os.ReadFile(filepath.Join(dir, "tmpdir")); !strings.HasPrefix(string(scratch), c.entry()+partial) {
		t.Errorf("pip's scratch folder is %q, want one that is swept", scratch)
	}
	if lib.Source != FromCache || lib.Version != Version {
		t.Errorf("got source %s, version %s", lib.Source, lib.Version)
	}
	again, err := c.Ensure(context.Background())
	must(t, err)
	if n := calls(t, dir); n != 1 || again.Dir != lib.Dir {
		t.Errorf("%d downloads, folders %s and %s; want one", n, lib.Dir, again.Dir)
	}
	args, _ := os.ReadFile(filepath.Join(dir, "calls"))
	for _, want := range []string{"--no-deps", "--only-binary=:all:", "--require-hashes", "--platform=manylinux_2_17_x86_64", "--python-version=3.12", "--implementation=cp"} {
		if !strings.Contains(string(args), want) {
			t.Errorf("pip was called without %s: %s", want, args)
		}
	}
	if pinned, _ := os.ReadFile(filepath.Join(dir, "requirements")); string(pinned) != "tensorflow-cpu==2.18.1 --hash=sha256:"+c.Wheel.SHA256+"\n" {
		t.Errorf("requirements: %q", pinned)
	}
	for _, want := range []string{"fetching tensorflow-cpu==2.18.1", "unpacking: 100 %", "TensorFlow 2.18.1 is in " + c.entry()} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, log)
		}
	}
	entries, _ := os.ReadDir(c.Cache)
	if len(entries) != 2 {
		t.Errorf("cache holds %v, want the entry and the lock", entries)
	}
}

// Whatever the wheel or pip is like, the error is one line that says what to do, and nothing stays.
func TestFetchFailures(t *testing.T) {
	with := func(name, text string) func(map[string]string) {
		return func(files map[string]string) { files[name] = text }
	}
	without := func(name string) func(map[string]string) {
		return func(files map[string]string) { delete(files, name) }
	}
	for name, test := range map[string]struct {
		change func(map[string]string) // of the wheel
		pip    string                  // its body
		damage func(*Config)
		want   []string
	}{
		"no cc library": {change: without("tensorflow/libtensorflow_cc.so.2"), want: []string{"holds no lib/libtensorflow_cc.so.2"}},
		"no framework":  {change: without("tensorflow/libtensorflow_framework.so.2"), want: []string{"holds no lib/libtensorflow_framework.so.2"}},
		"no header":     {change: without("tensorflow/include/tensorflow/c/c_api.h"), want: []string{"holds no include/tensorflow/c/c_api.h"}},
		"name leads out": {
			change: with("tensorflow/include/tensorflow/c/../../../../../../evil.h", "evil"),
			want:   []string{"unsafe name", "evil.h"},
		},
		"absolute name":      {change: with("/tensorflow/evil.h", "evil"), want: []string{"unsafe name"}},
		"library is a link":  {change: with("tensorflow/libtensorflow_cc.so.2", "symlink:/etc/passwd"), want: []string{"holds no lib/libtensorflow_cc.so.2"}},
		"wrong digest":       {pip: `echo other > "$dest/x.whl"`, want: []string{"has SHA-256", "run again"}},
		"cut in transit":     {pip: `head -c 1000 "$wheel" > "$dest/x.whl"`, want: []string{"has SHA-256"}},
		"pip saves nothing":  {pip: `exit 0`, want: []string{"pip saved 0 wheels", EnvLibrary}},
		"pip is offline":     {pip: `echo 'WARNING: Retrying'; echo 'ERROR: No matching distribution found' >&2; echo bye; exit 1`, want: []string{"No matching distribution found", "exit status 1", "by hand", EnvLibrary, "pip download"}},
		"pip has no network": {pip: `echo "WARNING: Retrying (Retry(total=4)) after connection broken"; echo ERROR: none; exit 1`, want: []string{"reaches no package index: none", "proxy", EnvLibrary}},
		"pip fills the disk": {pip: `printf 'ERROR: Exception:\nTraceback\nOSError: [Errno 28] No space left\n'; exit 2`, want: []string{"pip: no space left on device", EnvCache}},
		"pip breaks":         {pip: `printf 'ERROR: Exception:\nTraceback\nKeyError: x\n'; exit 2`, want: []string{"pip: KeyError: x (exit status 2)"}},
		"pip leaves a part":  {pip: `head -c 1000 "$wheel" > "$TMPDIR/part"; exit 2`, want: []string{"no output", "exit status 2"}},
		"pip is missing":     {damage: func(c *Config) { c.Pips = [][]string{{"no-such-pip-1"}, {"no-such-pip-2"}} }, want: []string{"no-such-pip-1 is not on PATH", "install Python 3 with pip", EnvLibrary}},
		"pip does not start": {damage: func(c *Config) { c.Pips = [][]string{{"sh", "-c", "echo said $((1+1)); exit 3"}} }, want: []string{": said 2 (exit status 3)", "install Python 3 with pip"}},
		"no wheel":           {damage: func(c *Config) { c.Wheel, c.GOOS = Wheel{}, "plan9" }, want: []string{"no wheel to fetch for plan9/amd64", EnvLibrary}},
		"cache is a file":    {damage: func(c *Config) { os.WriteFile(c.Cache, nil, 0o644) }, want: []string{"not a directory"}},
		"disk too small":     {damage: func(c *Config) { c.free = func(string) (uint64, error) { return 900_000, nil } }, want: []string{"disk full: needs 1 MB, 1 MB free", EnvCache}},
		"disk fills up":      {damage: func(c *Config) { c.create = smallDisk(50_000) }, want: []string{"lib/libtensorflow_cc.so.2", "no space left", EnvCache}},
		"disk full at once":  {damage: func(c *Config) { c.create = smallDisk(0) }, want: []string{"no space left", EnvCache}},
		"disk fails at sync": {damage: func(c *Config) { c.create = badSync }, want: []string{"input/output error"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, dir, _ := setup(t)
			files := wheelFiles()
			if test.change != nil {
				test.change(files)
			}
			if test.pip == "" {
				test.pip = pipCopies
			}
			serve(t, &c, dir, writeWheel(t, dir, files), test.pip)
			if test.damage != nil {
				test.damage(&c)
			}
			_, err := c.Ensure(context.Background())
			wantError(t, err, test.want...)
			nothingLeft(t, c)
			if _, err := os.Stat(filepath.Join(filepath.Dir(c.Cache), "evil.h")); err == nil {
				t.Error("a name led out of the cache")
			}
		})
	}
}

// A wheel that is cut but has the digest that was asked for: the digest is not the only guard.
func TestTruncatedZip(t *testing.T) {
	c, dir, _ := setup(t)
	wheel := filepath.Join(dir, "test.whl")
	data, err := os.ReadFile(wheel)
	must(t, err)
	must(t, os.WriteFile(wheel, data[:len(data)/2], 0o644))
	serve(t, &c, dir, wheel, pipCopies)
	_, err = c.Ensure(context.Background())
	wantError(t, err, "zip: not a valid zip file")
	nothingLeft(t, c)
}

// smallDisk takes n bytes of each file, then none.
func smallDisk(n int) func(string) (io.WriteCloser, error) {
	return func(name string) (io.WriteCloser, error) {
		f, err := os.Create(name)
		return &smallFile{f, n}, err
	}
}

type smallFile struct {
	*os.File
	left int
}

func (f *smallFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p[:min(f.left, len(p))])
	f.left -= n
	if err == nil && n < len(p) {
		err = &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return n, err
}

// badSync writes well and then cannot bring the library to the disk.
func badSync(name string) (io.WriteCloser, error) {
	f, err := os.Create(name)
	if filepath.Base(name) != "libtensorflow_cc.so.2" {
		return f, err
	}
	return badSyncFile{f}, err
}

type badSyncFile struct{ *os.File }

func (f badSyncFile) Close() error { return errors.Join(f.File.Close(), syscall.EIO) }

// Every kind of damage is seen and mended by one fetch.
func TestDamagedCache(t *testing.T) {
	for name, damage := range map[string]func(entry string) error{
		"library cut":     func(e string) error { return os.Truncate(filepath.Join(e, "lib/libtensorflow_cc.so.2"), 10) },
		"header gone":     func(e string) error { return os.Remove(filepath.Join(e, "include/xla/tsl/c/tsl_status.h")) },
		"link gone":       func(e string) error { return os.Remove(filepath.Join(e, "lib/libtensorflow.so")) },
		"manifest gone":   func(e string) error { return os.Remove(filepath.Join(e, manifestName)) },
		"manifest empty":  func(e string) error { return os.Truncate(filepath.Join(e, manifestName), 0) },
		"older layout":    olderLayout,
		"all but the top": func(e string) error { return errors.Join(os.RemoveAll(e), os.Mkdir(e, 0o755)) },
	} {
		t.Run(name, func(t *testing.T) {
			c, dir, log := setup(t)
			_, err := c.Ensure(context.Background())
			must(t, err)
			must(t, damage(c.entry()))
			_, _, err = c.Find(context.Background())
			if !errors.Is(err, ErrNone) {
				t.Fatalf("Find took a damaged entry: %v", err)
			}
			lib, err := c.Ensure(context.Background())
			must(t, err)
			checkEntry(t, c, lib)
			if n := calls(t, dir); n != 2 {
				t.Errorf("%d downloads, want 2", n)
			}
			if !strings.Contains(log.String(), "damaged") {
				t.Errorf("log does not say why:\n%s", log)
			}
			entries, _ := os.ReadDir(c.Cache)
			if len(entries) != 2 {
				t.Errorf("cache holds %v, want the entry and the lock", entries)
			}
		})
	}
}

func olderLayout(entry string) error {
	name := filepath.Join(entry, manifestName)
	text, err := os.ReadFile(name)
	old := strings.Replace(string(text), `"layout": 1`, `"layout": 0`, 1)
	return errors.Join(err, os.WriteFile(name, []byte(old), 0o644))
}

// A file of the right size but other content passes the quick check, not Verify.
func TestVerify(t *testing.T) {
	c, _, _ := setup(t)
	lib, err := c.Ensure(context.Background())
	must(t, err)
	f, err := os.OpenFile(filepath.Join(lib.Dir, "libtensorflow_cc.so.2"), os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("L"), 17)
	must(t, errors.Join(err, f.Close()))
	lib, err = c.Ensure(context.Background())
	must(t, err)
	wantError(t, lib.Verify(context.Background()), "lib/libtensorflow_cc.so.2 has SHA-256", "remove that folder", c.entry())
}
