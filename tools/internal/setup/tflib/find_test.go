package tflib

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// files of a library: the plain C distribution, and a Python package.
func plain(version string) map[string]string {
	return map[string]string{
		"lib/libtensorflow.so.2":           "c",
		"lib/libtensorflow_framework.so.2": "x\x00" + version + "\x00",
		"include/tensorflow/c/c_api.h":     "h",
	}
}

func pkg(version string) map[string]string {
	return map[string]string{
		"tensorflow/__init__.py":                              "raise SystemExit('imported')\n",
		"tensorflow/libtensorflow_cc.so.2":                    "c",
		"tensorflow/libtensorflow_framework.so.2":             "f",
		"tensorflow/include/tensorflow/c/c_api.h":             "h",
		"tensorflow_cpu-" + version + ".dist-info/METADATA":   "",
		"tensorflow_datasets-4.9.dist-info/METADATA":          "",
		"tensorflow_io_gcs_filesystem-0.37.1.dist-info/WHEEL": "",
	}
}

func TestOverride(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		dir   string // what the variable names, below files
		at    string // want Dir
		want  string // version, or part of the error
	}{
		"library folder":  {files: plain("2.18.0"), dir: "lib", at: "lib", want: "2.18.0"},
		"prefix":          {files: plain("2.18.3"), dir: ".", at: "lib", want: "2.18.3"},
		"python package":  {files: pkg("2.18.0"), dir: "tensorflow", at: "tensorflow", want: "2.18.0"},
		"unknown version": {files: plain("nonsense"), dir: ".", at: "lib", want: ""},
		"other version":   {files: plain("2.17.0"), dir: ".", want: "is version 2.17.0, want 2.18.x"},
		"long lookalike":  {files: plain("2.180.0"), dir: ".", want: "is version 2.180.0, want 2.18.x"},
		"missing":         {files: plain("2.18.0"), dir: "nowhere", want: "no such file"},
		"a file":          {files: plain("2.18.0"), dir: "lib/libtensorflow.so.2", want: "want a folder, got a file"},
		"no library":      {files: map[string]string{"x": ""}, dir: ".", want: "holds none of libtensorflow.so, "},
		"no headers":      {files: map[string]string{"lib/libtensorflow.so": "c"}, dir: ".", want: "has no tensorflow/c/c_api.h"},
		"half a package":  {files: map[string]string{"libtensorflow_cc.so.2": "c", "include/tensorflow/c/c_api.h": ""}, dir: ".", want: "but not libtensorflow_framework.so.2"},
	} {
		t.Run(name, func(t *testing.T) {
			c, dir, _ := setup(t)
			_, err := c.Ensure(context.Background()) // a full cache must not be fallen back to
			must(t, err)
			root := layOut(t, filepath.Join(dir, "named"), test.files)
			c.Override = filepath.Join(root, test.dir)
			lib, tried, err := c.Find(context.Background())
			if len(tried) != 1 || tried[0].Source != FromEnv {
				t.Errorf("tried %v, want the variable only", tried)
			}
			if test.at == "" {
				wantError(t, err, EnvLibrary+"="+c.Override, test.want, "unset it")
				if _, err := c.Ensure(context.Background()); err == nil || errors.Is(err, ErrNone) {
					t.Errorf("Ensure: %v, want the same refusal", err)
				}
				return
			}
			must(t, err)
			if want := filepath.Join(root, test.at); lib.Dir != want || lib.Version != test.want || lib.Source != FromEnv {
				t.Errorf("got %+v, want version %q in %s", lib, test.want, want)
			}
			if target, err := filepath.EvalSymlinks(filepath.Join(lib.Links, "libtensorflow.so")); err != nil || filepath.Dir(target) != lib.Dir {
				t.Errorf("the linker finds %s (%v), want a file in %s", target, err, lib.Dir)
			}
		})
	}
}

// fakePython answers with this folder.
func fakePython(t *testing.T, dir, answer string) string {
	t.Helper()
	path := filepath.Join(dir, "python-"+filepath.Base(filepath.Dir(answer)))
	must(t, os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\necho '%s'\n", answer), 0o755))
	return path
}

// A Python package of another version is named and passed over; one that fits stays where it is, and its real
// folder is the run path, however it was reached.
func TestPython(t *testing.T) {
	c, dir, _ := setup(t)
	old := layOut(t, filepath.Join(dir, "old"), pkg("2.19.0"))
	good := layOut(t, filepath.Join(dir, "store"), pkg("2.18.1"))
	must(t, os.Symlink(good, filepath.Join(dir, "venv")))
	none := filepath.Join(dir, "python-none")
	must(t, os.WriteFile(none, []byte("#!/bin/sh\necho\n"), 0o755))
	c.Pythons = []string{"no-such-python", none,
		fakePython(t, dir, filepath.Join(old, "tensorflow")),
		fakePython(t, dir, filepath.Join(old, "tensorflow")), // the same again: looked at once
		fakePython(t, dir, filepath.Join(dir, "venv", "tensorflow"))}

	lib, tried, err := c.Find(context.Background())
	must(t, err)
	var reasons []string
	for _, t := range tried {
		reasons = append(reasons, t.Reason)
	}
	if got, want := strings.Join(reasons, "|"), "empty|is not on PATH|has no tensorflow|is version 2.19.0, want 2.18.x|"; got != want {
		t.Errorf("reasons %s\nwant    %s", got, want)
	}
	if want := filepath.Join(good, "tensorflow"); lib.Dir != want || lib.Source != FromPython {
		t.Errorf("got %s from %s, want %s", lib.Dir, lib.Source, want)
	}
	link := filepath.Join(lib.Links, "libtensorflow.so")
	if target, err := os.Readlink(link); target != filepath.Join(lib.Dir, "libtensorflow_cc.so.2") {
		t.Errorf("%s -> %s (%v)", link, target, err)
	}
	before, err := os.Lstat(link)
	must(t, err)
	if _, err := c.Ensure(context.Background()); err != nil || calls(t, dir) != 0 {
		t.Errorf("Ensure: %v after %d downloads, want none", err, calls(t, dir))
	}
	if after, err := os.Lstat(link); err != nil || !os.SameFile(before, after) {
		t.Errorf("the link was made anew: %v", err)
	}
	must(t, os.Remove(link))
	must(t, os.Symlink("/elsewhere", link))
	_, _, err = c.Find(context.Background())
	must(t, err)
	if target, _ := os.Readlink(link); target != filepath.Join(lib.Dir, "libtensorflow_cc.so.2") {
		t.Errorf("a stale link stays: %s", target)
	}
}

// With the real python3: tensorflow is found without being imported, and a mere folder of that name is not it.
func TestRealPython(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3 on PATH")
	}
	site := layOut(t, t.TempDir(), pkg("2.18.1"))
	t.Setenv("PYTHONPATH", site)
	if got, why := pythonPackage(context.Background(), "python3"); got != filepath.Join(site, "tensorflow") {
		t.Errorf("got %q, %q; want it in %s", got, why, site)
	}
	bare := t.TempDir()
	must(t, os.Mkdir(filepath.Join(bare, "tensorflow"), 0o755))
	t.Setenv("PYTHONPATH", bare)
	if got, _ := pythonPackage(context.Background(), "python3"); strings.HasPrefix(got, bare) {
		t.Errorf("took a folder without code: %s", got)
	}
	t.Setenv("PYTHONPATH", "")
	empty := t.TempDir()
	must(t, os.Mkdir(filepath.Join(empty, "tensorflow"), 0o755))
	must(t, os.WriteFile(filepath.Join(empty, "tensorflow", "__init__.py"), nil, 0o644))
	t.Chdir(empty)
	if got, _ := pythonPackage(context.Background(), "python3"); strings.HasPrefix(got, empty) {
		t.Errorf("took the current directory's %s", got)
	}
}

// The usual folders: the version comes from the library's file name, text or headers; others are passed over.
func TestSystem(t *testing.T) {
	c, dir, _ := setup(t)
	named := plain("unreadable")
	delete(named, "lib/libtensorflow.so.2")
	named["lib/libtensorflow.so.2.18.7"] = "c"
	roots := []string{
		layOut(t, filepath.Join(dir, "older"), plain("2.16.2")),
		layOut(t, filepath.Join(dir, "unknown"), plain("")),
		layOut(t, filepath.Join(dir, "named"), named),
	}
	must(t, os.Symlink("libtensorflow.so.2.18.7", filepath.Join(roots[2], "lib/libtensorflow.so.2")))
	must(t, os.Symlink("libtensorflow.so.2", filepath.Join(roots[2], "lib/libtensorflow.so")))
	for _, root := range append([]string{filepath.Join(dir, "absent")}, roots...) {
		c.System = append(c.System, Prefix{filepath.Join(root, "lib"), filepath.Join(root, "include")})
	}
	lib, tried, err := c.Find(context.Background())
	must(t, err)
	if lib.Version != "2.18.7" || lib.Source != FromSystem || lib.Links != filepath.Join(roots[2], "lib") || lib.Dir != lib.Links {
		t.Errorf("got %+v", lib)
	}
	for i, want := range []string{"empty", "holds none of", "is version 2.16.2", "no known version", ""} {
		if !strings.Contains(tried[i].Reason, want) || (want == "") != (tried[i].Reason == "") {
			t.Errorf("%d: %+v, want %q", i, tried[i], want)
		}
	}
}

// Nothing anywhere is ErrNone, with the list of what was looked at.
func TestNone(t *testing.T) {
	c, _, _ := setup(t)
	_, tried, err := c.Find(context.Background())
	if !errors.Is(err, ErrNone) || len(tried) != 1 || tried[0].Reason != "empty" {
		t.Errorf("got %v, %v", tried, err)
	}
	nothingLeft(t, c)
}

func TestVersions(t *testing.T) {
	dir := layOut(t, t.TempDir(), map[string]string{
		"good/tensorflow/core/public/version.h":          "#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 18\n// x\n#define TF_PATCH_VERSION 1\n",
		"newer/tensorflow/core/public/version.h":         "#include \"release_version.h\"\n",
		"newer/tensorflow/core/public/release_version.h": "#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 20\n#define TF_PATCH_VERSION 0\n",
		"bad/tensorflow/core/public/version.h":           "#define TF_MAJOR_VERSION 2\n",
		"text":                                           "2.11.0 2.\x002.\x002.x.1\x002.18.11 \x002.18.0-rc1\x002.18.9\x00",
		"none":                                           "\x002.18.1", "end": "x\x002.18.",
	})
	for name, want := range map[string]string{"good": "2.18.1", "newer": "2.20.0", "bad": "", "absent": ""} {
		if got, err := HeaderVersion(filepath.Join(dir, name)); got != want || (err == nil) != (want != "") {
			t.Errorf("header %s: got %q, %v; want %q", name, got, err, want)
		}
	}
	for name, want := range map[string]string{"text": "2.18.0-rc1", "none": "", "end": "", "absent": ""} {
		if got := textVersion(filepath.Join(dir, name)); got != want {
			t.Errorf("text %s: got %q, want %q", name, got, want)
		}
	}
}

// The usual package folders are looked at without Python's help.
func TestPackages(t *testing.T) {
	c, dir, _ := setup(t)
	good := layOut(t, filepath.Join(dir, "python3.11"), pkg("2.18.0"))
	c.Packages = []string{filepath.Join(dir, "python2*", "tensorflow"), filepath.Join(dir, "python3*", "tensorflow")}
	lib, _, err := c.Find(context.Background())
	must(t, err)
	if lib.Dir != filepath.Join(good, "tensorflow") || lib.Version != "2.18.0" || lib.Source != FromPython {
		t.Errorf("got %+v", lib)
	}
}
