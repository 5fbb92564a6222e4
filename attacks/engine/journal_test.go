package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unwarp/attacks"
)

// journalFile is a journal of three results, as lines.
func journalFile(t testing.TB) (path string, lines []string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "journal")
	j, err := OpenJournal(path, "this")
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for i := range 3 {
		r := attacks.ImageResult{Done: true, Distance: .1, ThreatDistance: .1, Class: 1, Tried: "1", Image: []float32{.25, .75}}
		if err := j.add(0, i, r); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, strings.SplitAfter(strings.TrimSuffix(string(raw), "\n"), "\n")
}

// TestDamagedJournal: a line that was changed is noticed, wherever the change is;
// only at the end it is the rest of a write that was cut off.
func TestDamagedJournal(t *testing.T) {
	for name, c := range map[string]struct {
		change func(lines []string) string
		want   string // of the error, "" for none
		known  int
	}{
		"whole":       {func(l []string) string { return strings.Join(l, "") + "\n" }, "", 3},
		"cut":         {func(l []string) string { s := strings.Join(l, ""); return s[:len(s)-9] }, "", 2},
		"no line end": {func(l []string) string { return strings.Join(l, "") }, "", 2},
		"zeros":       {func(l []string) string { return strings.Join(l[:3], "") + strings.Repeat("\x00", 512) }, "", 2},
		"last changed": {func(l []string) string {
			return strings.Join(l[:3], "") + strings.Replace(l[3], "0.1", "0.2", 1) + "\n"
		}, "", 2},
		"middle changed": {func(l []string) string { return l[0] + l[1] + strings.Replace(l[2], "0.1", "0.2", 1) + l[3] + "\n" }, "line 3", 0},
		"middle cut":     {func(l []string) string { return l[0] + l[1][:40] + "\n" + l[2] + l[3] + "\n" }, "line 2", 0},
		"head changed":   {func(l []string) string { return strings.Replace(l[0], "this", "that", 1) + l[1] }, "line 1", 0},
		"twice":          {func(l []string) string { return l[0] + l[1] + l[1] + l[2] }, "line 3: a second result", 0},
		"another's line": {func(l []string) string { return l[0] + otherLine(t) + l[1] }, "line 2", 0},
	} {
		path, lines := journalFile(t)
		text := c.change(lines)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := OpenJournal(path, "this")
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--restart") || len(err.Error()) > 300+len(path) {
				t.Errorf("%s: want %q and what to do, got %v", name, c.want, err)
			}
			if raw, _ := os.ReadFile(path); string(raw) != text {
				t.Errorf("%s: the damaged file was changed", name)
			}
			continue
		}
		if err != nil || j.Len() != c.known || (j.Dropped() > 0) != (name != "whole") {
			t.Errorf("%s: %v; want %d results, got %d; dropped %d bytes", name, err, c.known, j.Len(), j.Dropped())
		}
		j.Close()
	}
}

// otherLine is a line, sound in itself, of the journal of another evaluation.
func otherLine(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal")
	j, err := OpenJournal(path, "that")
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.add(1, 1, attacks.ImageResult{Done: true}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(string(raw), "\n")[1]
}

// FuzzJournal: whatever the file holds, it is read or refused, and what was read
// is the same when it is read again.
func FuzzJournal(f *testing.F) {
	path, lines := journalFile(f)
	f.Add([]byte(strings.Join(lines, "") + "\n"))
	f.Add([]byte(lines[0]))
	f.Add([]byte(lines[0] + lines[1] + lines[1]))
	f.Add([]byte(`{"unwarp_attack_journal":2,"identity":"x"}` + "\n"))
	f.Add([]byte(`{"crc":"`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := filepath.Join(t.TempDir(), filepath.Base(path))
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := OpenJournal(path, "this")
		if err != nil {
			if after, _ := os.ReadFile(path); string(after) != string(raw) {
				t.Fatal("a refused file was changed")
			}
			return
		}
		known := j.Len()
		j.Close()
		again, err := OpenJournal(path, "this")
		if err != nil || again.Len() != known || again.Dropped() != 0 {
			t.Fatalf("the second time: %v; %d results instead of %d", err, again.Len(), known)
		}
		again.Close()
	})
}
