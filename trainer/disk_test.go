package trainer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/graphs/graphtest"
)

// tiny is a file system of one megabyte.
func tiny(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a small file system: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}

// A full disk keeps the previous checkpoint, leaves nothing under a final
// name, and the next save succeeds once there is room.
func TestFullDisk(t *testing.T) {
	dir := tiny(t)
	f := newFolder(t)
	f.Dir = filepath.Join(dir, CheckpointsDir)
	f.save(t, 1, Best, Last)
	ballast := filepath.Join(dir, "ballast")
	// All but a few kilobytes: room for some of the files, not for all.
	for _, room := range []int{0, 6 << 10, 16 << 10, 24 << 10} {
		size, err := exec.Command("df", "--output=avail", "-B1", dir).Output()
		if err != nil {
			t.Skip(err)
		}
		var free int
		if _, err := fmt.Sscan(strings.Fields(string(size))[1], &free); err != nil {
			t.Skip(err)
		}
		if err := os.WriteFile(ballast, make([]byte, free-room), 0o644); err != nil {
			t.Fatal(err)
		}
		err = f.Save(f.p, f.net, State{Step: 2}, Best, Last)
		if err == nil {
			t.Fatalf("want no room for a checkpoint in %d bytes", room)
		}
		graphtest.Says(t, err, "checkpoint "+filepath.Join(f.Dir, "step-00000002")+": ", ": free space or choose another run folder; ", "previous checkpoint")
		if strings.Contains(err.Error(), "not written") {
			f.want(t, "best last step-00000001")
		} else { // whole, but there was no room for the pointer
			f.want(t, "best last step-00000001 step-00000002")
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		for _, pointer := range []string{Best, Last} {
			if st, err := f.Load(f.p, f.net, pointer); err != nil || st.Step != 1 {
				t.Errorf("%s: want step 1, got %+v, %v", pointer, st, err)
			}
		}
	}
	f.save(t, 2, Last)
	f.want(t, "best last step-00000001 step-00000002")
	if st, err := f.Load(f.p, f.net, Last); err != nil || st.Step != 2 {
		t.Errorf("want step 2, got %+v, %v", st, err)
	}
}

// A folder that cannot be made, and a pointer that cannot be moved.
func TestUnwritable(t *testing.T) {
	f := newFolder(t)
	if err := os.WriteFile(f.Dir, nil, 0o644); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	err := f.Save(f.p, f.net, State{Step: 1}, Last)
	graphtest.Says(t, err, "step-00000001: not written: ", "not a directory", "free space or choose another run folder")

	f = newFolder(t)
	f.save(t, 1, Last)
	if err := os.MkdirAll(filepath.Join(f.Dir, Best, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	err = f.Save(f.p, f.net, State{Step: 2}, Best, Last)
	graphtest.Says(t, err, `step-00000002: pointer "best" not moved: `)
	if st, err := f.Load(f.p, f.net, Last); err != nil || st.Step != 1 {
		t.Errorf("want the previous checkpoint, got %+v, %v", st, err)
	}
	if err := os.RemoveAll(filepath.Join(f.Dir, Best)); err != nil {
		t.Fatal(err)
	}
	f.save(t, 2, Best, Last)
	f.want(t, "best last step-00000002")
}

// A file is replaced whole or not at all, and nothing is left beside it.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, text := range []string{"one", "", "three"} {
		if err := WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if raw, err := os.ReadFile(path); err != nil || string(raw) != text {
			t.Errorf("want %q, got %q, %v", text, raw, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder", "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{filepath.Join(dir, "folder"), filepath.Join(dir, "gone", "file")} {
		if err := WriteFile(bad, []byte("x")); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("want file and folder alone, got %v, %v", entries, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("want a file that others may read, got %v, %v", info, err)
	}
}
