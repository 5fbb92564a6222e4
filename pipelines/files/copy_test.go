package files

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A copy is whole or not there, and an error says whether reading or writing failed.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	data := bytes.Repeat([]byte("unwarp "), 100_000)
	if err := os.WriteFile(from, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for _, c := range []struct{ to, from, want string }{
		{to, filepath.Join(dir, "none"), "not read"}, {to, dir, "not read"}, {filepath.Join(dir, "none", "to"), from, "not written"},
	} {
		if err := Copy(c.to, c.from); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s to %s: want an error with %q, got %v", c.from, c.to, c.want, err)
		}
	}
	if got, _ := os.ReadFile(to); !bytes.Equal(got, data) {
		t.Error("a copy that failed changed the file")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}
