//go:build linux

package bundle

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// source is a bundle of this test's program and of a library that is a copy of it.
func source(t *testing.T) Source {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "tensorflow")
	library := filepath.Join(dir, "libtensorflow.so.2")
	for path, content := range map[string][]byte{library: raw, filepath.Join(dir, "../LICENSE"): []byte("terms"), filepath.Join(dir, "../tensorflow-2.18.0.dist-info/licenses/NOTICE"): []byte("more")} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return Source{Program: self, Libraries: []string{library}, Versions: "unwarp 1\n"}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	p, err := NewPlan(source(t), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{".": os.ModeDir | 0o750, "unwarp": 0o750, "lib": os.ModeDir | 0o750, "lib/libtensorflow.so.2": 0o640, "licences/LICENSE": 0o640, "licences/NOTICE": 0o640, "README.txt": 0o640} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: want mode %v, got %v, %v", name, mode, info, err)
		}
	}
	text, _ := os.ReadFile(filepath.Join(dir, "README.txt"))
	for _, want := range []string{"glibc 2.", "libc.so.6", "unwarp 1", "licences/", "AVX"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("README.txt lacks %q:\n%s", want, text)
		}
	}
	if above, _ := os.ReadDir(filepath.Dir(dir)); len(above) != 1 {
		t.Errorf("beside the folder: %v", above)
	}
}

// An interrupted or failed bundle leaves nothing.
func TestWriteFails(t *testing.T) {
	s, home := source(t), t.TempDir()
	dir := filepath.Join(home, "b")
	p, err := NewPlan(s, dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Write(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	if err := os.Truncate(s.Libraries[0], 10); err != nil {
		t.Fatal(err)
	}
	if err := p.Write(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "it changed meanwhile") {
		t.Errorf("changed: got %v", err)
	}
	if left, _ := os.ReadDir(home); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestPlanRefuses(t *testing.T) {
	s, home := source(t), t.TempDir()
	file := filepath.Join(home, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, dir := range map[string]string{"want a new or empty folder, got one with 1 files": home, "want a folder to make, got a file": file} {
		if _, err := NewPlan(s, dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", dir, err)
		}
	}
	empty := filepath.Join(home, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := NewPlan(s, empty)
	if err == nil {
		err = p.Write(t.Context(), empty)
	}
	if err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := NewPlan(Source{Program: s.Program}, filepath.Join(home, "x")); err == nil {
		t.Error("no library: want an error")
	}
}

func TestCompareVersions(t *testing.T) {
	for _, row := range []struct {
		a, b string
		sign int
	}{{"2.34", "2.9", 1}, {"2.9", "2.34", -1}, {"2.17", "2.17", 0}, {"2.2.5", "2.2", 1}, {"1", "", 1}, {"3.4.19", "3.4.9", 1}} {
		if got := compareVersions(row.a, row.b); (got > 0) != (row.sign > 0) || (got < 0) != (row.sign < 0) {
			t.Errorf("%s and %s: got %d", row.a, row.b, got)
		}
	}
}
