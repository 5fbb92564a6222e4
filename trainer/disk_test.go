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
	for _, room := range []int{0, 6 << 10, 10 << 10, 16 << 10} {
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
		graphtest.Says(t, err, "checkpoint ", f.Dir, "free space or choose another folder; ", "previous checkpoint")
		if strings.Contains(err.Error(), "is untouched") {
			f.want(t, "best last step-00000001 step-00000001-best")
		} else { // whole, but there was no room for the pointer
			f.want(t, "best last step-00000001 step-00000001-best step-00000002-best")
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
	f.want(t, "best last step-00000001-best step-00000002")
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
	graphtest.Says(t, err, "step-00000001: not written: ", "not a directory", "a part of the path is a file: choose another folder")

	f = newFolder(t)
	f.save(t, 1, Last)
	if err := os.MkdirAll(filepath.Join(f.Dir, Best, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	err = f.Save(f.p, f.net, State{Step: 2}, Best, Last)
	graphtest.Says(t, err, filepath.Join(f.Dir, Best)+": not written: ", "something has this name")
	if st, err := f.Load(f.p, f.net, Last); err != nil || st.Step != 1 {
		t.Errorf("want the previous checkpoint, got %+v, %v", st, err)
	}
	if err := os.RemoveAll(filepath.Join(f.Dir, Best)); err != nil {
		t.Fatal(err)
	}
	f.save(t, 2, Best, Last)
	f.want(t, "best last step-00000002 step-00000002-best")
}
