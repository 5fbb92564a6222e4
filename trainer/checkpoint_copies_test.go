package trainer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/graphs/graphtest"
	"unwarp/pipelines/files"
)

// Copies and files of a user beside the checkpoints stay, whatever they are
// called, and take no checkpoint's name away.
func TestCopiesOfUsersStay(t *testing.T) {
	f := newFolder(t)
	f.save(t, 3, Best, Last)
	copied := []string{"step-00000003-keep", "step-00000003-2", "step-00000004", "step-3", "step-00000003.unfinished.bak"}
	for _, name := range copied {
		if err := os.CopyFS(filepath.Join(f.Dir, name), os.DirFS(filepath.Join(f.Dir, "step-00000003"))); err != nil {
			t.Fatal(err)
		}
	}
	made := []string{"step-00000005/notes.txt", "step-00000006/variables.index", "step-00000007"}
	for _, name := range made[:2] {
		path := filepath.Join(f.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("mine"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(f.Dir, made[1], "../state.json"), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(f.Dir, made[2]), 0o777); err != nil {
		t.Fatal(err)
	}
	for step := 4; step <= 8; step++ {
		f.save(t, step, Best, Last)
		if st, err := f.Load(f.p, f.net, Last); err != nil || st.Step != step {
			t.Errorf("want step %d, got %+v, %v", step, st, err)
		}
	}
	for _, name := range append(copied, made...) {
		if _, err := os.Stat(filepath.Join(f.Dir, name)); err != nil {
			t.Errorf("a user's is gone: %v", err)
		}
	}
	entries, err := os.ReadDir(f.Dir)
	if want := len(copied) + len(made) + 4; err != nil || len(entries) != want { // best, last and what they name
		t.Errorf("want %d entries, got %v, %v", want, entries, err)
	}
}

// Checkpoints of earlier versions, whose state has no name, are outdated too.
func TestEarlierCheckpointsGo(t *testing.T) {
	f := newFolder(t)
	f.save(t, 3, Best, Last)
	path := filepath.Join(f.Dir, "step-00000003", stateFile)
	raw, err := json.Marshal(map[string]int{"step": 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	f.save(t, 4, Best, Last)
	f.want(t, "best last step-00000004 step-00000004-best")
}

// The advice on a damaged checkpoint is one that can be followed.
func TestDamagedAdvice(t *testing.T) {
	f := newFolder(t)
	f.save(t, 3, Last)
	if err := os.CopyFS(filepath.Join(f.Dir, "kept"), os.DirFS(filepath.Join(f.Dir, "step-00000003"))); err != nil {
		t.Fatal(err)
	}
	f.save(t, 4, Best)
	f.save(t, 4, Last)
	if err := os.Rename(filepath.Join(f.Dir, "kept"), filepath.Join(f.Dir, "step-00000003")); err != nil {
		t.Fatal(err)
	}
	damage := func(name string) {
		t.Helper()
		if err := os.Truncate(filepath.Join(f.Dir, name, "variables.index"), 0); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(f.Dir, "step-00000004", "variables.data-00000-of-00001")
	raw, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 4 // all files are there
	if err := os.WriteFile(data, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = f.Load(f.p, f.net, Last)
	graphtest.Says(t, err, `write step-00000003, which has all its files, into the file "last"`)
	if strings.Count(err.Error(), f.Dir) != 1 || len(err.Error()) >= 300 {
		t.Errorf("want the folder once in under 300 characters, got %d: %v", len(err.Error()), err)
	}
	if err := files.Write(filepath.Join(f.Dir, Last), []byte("step-00000003\n")); err != nil {
		t.Fatal(err)
	}
	if st, err := f.Load(f.p, f.net, Last); err != nil || st.Step != 3 {
		t.Errorf("the advice does not work: %+v, %v", st, err)
	}
	if err := files.Write(filepath.Join(f.Dir, Best), []byte("../\n")); err != nil {
		t.Fatal(err)
	}
	_, err = f.Load(f.p, f.net, Best)
	graphtest.Says(t, err, `write step-00000004-best, which has all its files, into the file "best"`)
	if err := files.Write(filepath.Join(f.Dir, Best), []byte("step-00000004-best\n")); err != nil {
		t.Fatal(err)
	}
	damage("step-00000003")
	damage("step-00000004")
	_, err = f.Load(f.p, f.net, Last)
	graphtest.Says(t, err, "no other checkpoint here can be resumed; --checkpoint best evaluates and exports step-00000004-best")
	damage("step-00000004-best")
	_, err = f.Load(f.p, f.net, Last)
	graphtest.Says(t, err, "no other checkpoint here has all its files: train anew")
	f.save(t, 5, Last)
	_, err = f.Load(f.p, f.net, Best)
	graphtest.Says(t, err, "--checkpoint last takes step-00000005, which has all its files")
}

// A reader takes the next checkpoint where the training replaces the one that it
// reads: here it is gone, and the pointer moves when the reader has read it.
func TestLoadWhileTraining(t *testing.T) {
	f := newFolder(t)
	f.save(t, 3, Last)
	stop, done := make(chan bool), make(chan error)
	go func() {
		for step := 4; ; step++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := f.Save(f.p, f.net, State{Step: step}, Last); err != nil {
				done <- err
				return
			}
		}
	}()
	p, net := declared(t, 2, DefaultConfig(), littleModel("base"), littleShape)
	for range 40 {
		if _, err := f.Load(p, net, Last); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
