//go:build linux

package main

import (
	"bytes"
	"context"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/tools/internal/setup/tflib"
	"unwarp/tools/internal/setup/tfload"
)

// bare is an environment in which no search finds a library.
func bare(t *testing.T, more ...string) []string {
	t.Helper()
	empty := t.TempDir()
	return append([]string{beUnwarp + "=1", "HOME=" + empty, "PATH=" + empty, tflib.EnvCache + "=" + empty, "TF_CPP_MIN_LOG_LEVEL=2"}, more...)
}

// moved is a copy of the program whose run path leads nowhere, as if the library had
// been removed since it was built.
func moved(t *testing.T) (program, was string) {
	t.Helper()
	f, err := elf.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dirs, err := f.DynString(elf.DT_RUNPATH)
	if err != nil || len(dirs) == 0 || !strings.HasPrefix(dirs[0], "/") {
		t.Skipf("no run path: the library is in a folder of the system: %v", err)
	}
	c, err := tflib.Default(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	c.Override, c.Cache, c.Pythons = "", t.TempDir(), nil
	if lib, _, err := c.Find(context.Background()); err == nil {
		t.Skipf("this system has a library of its own in %s", lib.Dir)
	}
	raw, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	gone := "/nowhere" + strings.Repeat("x", len(dirs[0])-len("/nowhere"))
	program = filepath.Join(t.TempDir(), "unwarp")
	if err := os.WriteFile(program, bytes.ReplaceAll(raw, []byte(dirs[0]+"\x00"), []byte(gone+"\x00")), 0o755); err != nil {
		t.Fatal(err)
	}
	return program, gone
}

// as runs a program with nothing but env.
func as(t *testing.T, program string, env []string, args ...string) (code int, text string) {
	t.Helper()
	c := exec.Command(program, args...)
	c.Env, c.Dir = env, t.TempDir()
	out, _ := c.CombinedOutput()
	return c.ProcessState.ExitCode(), string(out)
}

// The linker does not bind the program to the library: it would not start without.
func TestProgramIsNotBound(t *testing.T) {
	f, err := elf.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil || slices.ContainsFunc(needed, func(name string) bool { return strings.Contains(name, "tensorflow") }) {
		t.Errorf("bound to %v, %v: build with go run ./tools/tf", needed, err)
	}
}

// Without the library the program says what to do; what needs no TensorFlow works.
func TestWithoutLibrary(t *testing.T) {
	program, was := moved(t)
	const fault = "TensorFlow's library is not there (when this program was built it was in "
	for _, row := range []struct {
		args string
		code int
		says []string
	}{
		{"--help", 0, []string{"Available Commands"}},
		{"help train", 0, []string{"unwarp train"}},
		{"version", 0, []string{"graft", "tensorflow    none: " + fault + was}},
		{"version --json", 0, []string{`"tensorflow": "",`, `"fault": "` + fault}},
		{"completion bash", 0, []string{"complete"}},
		{"__complete train --set train.ba", 0, []string{"train.batch="}},
		{"config train.batch", 0, []string{"1..65536"}},
		{"config", 0, []string{"train:"}},
		{"attack --list", 0, []string{"pgd"}},
		{"doctor", 1, []string{"ERROR: " + fault + was, "unwarp bundle", "doctor: 1 to fix"}},
		{"doctor --probe", 1, []string{fault}},
		{"train", 1, []string{"unwarp: " + fault + was, "go run ./tools/tf", tflib.EnvLibrary, tflib.Series}},
		{"attack x", 1, []string{fault}},
		{"bundle x", 1, []string{fault}},
		{"train --set train.batch=0", 1, []string{fault}},
	} {
		code, text := as(t, program, bare(t), strings.Fields(row.args)...)
		for _, say := range row.says {
			if code != row.code || !strings.Contains(text, say) {
				t.Errorf("unwarp %s: want exit code %d and %q, got %d and %s", row.args, row.code, say, code, text)
			}
		}
		if strings.Contains(text, "error while loading shared libraries") {
			t.Errorf("unwarp %s: the system's loader speaks: %s", row.args, text)
		}
	}
}

// A folder that the user names is taken before all others, and nothing is taken
// instead of it.
func TestNamedLibrary(t *testing.T) {
	if err := tfload.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	program, _ := moved(t)
	dir := filepath.Dir(tfload.Files()[0])
	if code, text := as(t, program, bare(t, tflib.EnvLibrary+"="+dir), "version"); code != 0 || !strings.Contains(text, "tensorflow    "+tflib.Series+".") {
		t.Errorf("%s: got %d and %s", dir, code, text)
	}
	if code, text := as(t, os.Args[0], bare(t, tflib.EnvLibrary+"=/none"), "train"); code != 1 || !strings.Contains(text, tflib.EnvLibrary+"=/none: want a folder with the library") {
		t.Errorf("a folder that is not there: got %d and %s", code, text)
	}
	old := t.TempDir()
	source := filepath.Join(old, "old.c")
	if err := os.WriteFile(source, []byte(`const char *TF_Version(void) { return "2.15.0"; }`), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", filepath.Join(old, tflib.LibraryNames()[0]), source).CombinedOutput(); err != nil {
		t.Skipf("no C compiler: %v: %s", err, out)
	}
	if code, text := as(t, os.Args[0], bare(t, tflib.EnvLibrary+"="+old), "train"); code != 1 || !strings.Contains(text, `is TensorFlow "2.15.0", want 2.18.x`) {
		t.Errorf("another series: got %d and %s", code, text)
	}
}

// A bundle runs where it was moved to, with an empty environment.
func TestBundle(t *testing.T) {
	if testing.Short() {
		t.Skip("copies hundreds of megabytes")
	}
	program, _ := moved(t)
	if err := tfload.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	env := bare(t, tflib.EnvLibrary+"="+filepath.Dir(tfload.Files()[0]))
	home := t.TempDir()
	made, there := filepath.Join(home, "made"), filepath.Join(home, "moved here")
	code, text := as(t, program, env, "bundle", made)
	if code != 0 || !strings.Contains(text, "copying ") || !strings.Contains(text, "README.txt") {
		t.Fatalf("bundle: %d, %s", code, text)
	}
	if left, _ := filepath.Glob(filepath.Join(home, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if code, text = as(t, program, env, "bundle", made); code != exitUsage || !strings.Contains(text, "want a new or empty folder") {
		t.Errorf("over another: %d, %s", code, text)
	}
	if err := os.Rename(made, there); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(home, "link")
	if err := os.Symlink(filepath.Join(there, "unwarp"), link); err != nil {
		t.Fatal(err)
	}
	only := []string{beUnwarp + "=1"}
	if code, text = as(t, link, only, "doctor"); code != 0 || !strings.Contains(text, "running with  "+filepath.Join(there, "lib")) {
		t.Errorf("doctor: %d, %s", code, text)
	}
	code, text = as(t, filepath.Join(there, "unwarp"), only, "train", "--run", "run", "--set", "data.train=60", "--set", "data.validation=0", "--set", "data.test=20",
		"--set", "train.batch=20", "--set", "train.duration=2st", "--set", "attack.attacks=", "--set", "model.appearance=4", "--set", "model.geometry=4", "--set", "model.width=4")
	if code != 0 || !strings.Contains(text, "SavedModel") {
		t.Errorf("train: %d, %s", code, text)
	}
}
