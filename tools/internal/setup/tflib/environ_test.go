package tflib

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func value(vars []Var, name string) string {
	for _, v := range vars {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

func TestEnviron(t *testing.T) {
	l := Library{Dir: "/tf/lib", Links: "/tf/links", Include: "/tf/include"}
	t.Setenv("CGO_CFLAGS", "-O3")
	t.Setenv("CGO_LDFLAGS", "-lfoo")
	t.Setenv("CGO_ENABLED", "")
	t.Setenv("TF_CPP_MIN_LOG_LEVEL", "")
	vars, err := l.Environ(context.Background())
	must(t, err)
	for name, want := range map[string]string{
		"CGO_CFLAGS":            "-I/tf/include -O3",
		"CGO_LDFLAGS":           "-L/tf/links -Wl,-rpath,/tf/lib" + onlyNeeded() + " -lfoo",
		"CGO_ENABLED":           "1",
		"TF_CPP_MIN_LOG_LEVEL":  "2",
		"TF_ENABLE_ONEDNN_OPTS": "",
		"LD_LIBRARY_PATH":       "",
	} {
		if got := value(vars, name); got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
		t.Setenv(name, value(vars, name))
	}
	t.Setenv("TF_CPP_MIN_LOG_LEVEL", "0")
	inner, err := l.Environ(context.Background())
	must(t, err)
	if len(inner) != 2 || inner[0] != vars[0] || inner[1] != vars[1] {
		t.Errorf("one inside another: %q, want %q", inner, vars[:2])
	}
	other, err := Library{Dir: "/other", Links: "/other", Include: "/other"}.Environ(context.Background())
	must(t, err)
	if got := value(other, "CGO_LDFLAGS"); !strings.HasPrefix(got, "-L/other -Wl,-rpath,/other"+onlyNeeded()+" -L/tf") {
		t.Errorf("another library inside one: %q, want it to win", got)
	}
}

// The defaults of the go tool stay in force, and so does what the user stored with go env -w.
func TestEnvironKeepsDefaults(t *testing.T) {
	t.Setenv("GOENV", filepath.Join(layOut(t, t.TempDir(), map[string]string{"env": "CGO_LDFLAGS=-lstored\n"}), "env"))
	for _, name := range []string{"CGO_CFLAGS", "CGO_LDFLAGS"} {
		t.Setenv(name, "") // so that it is restored
		os.Unsetenv(name)
	}
	vars, err := Library{Dir: "/d", Links: "/l", Include: "/i"}.Environ(context.Background())
	must(t, err)
	if got := value(vars, "CGO_CFLAGS"); got != "-I/i -O2 -g" {
		t.Errorf("CGO_CFLAGS=%q", got)
	}
	if got := value(vars, "CGO_LDFLAGS"); got != "-L/l -Wl,-rpath,/d"+onlyNeeded()+" -lstored" {
		t.Errorf("CGO_LDFLAGS=%q", got)
	}
}

func TestQuoteFlag(t *testing.T) {
	for flag, want := range map[string]string{"-I/a": "-I/a", "-I/a b": "'-I/a b'", `-I/a"b`: `'-I/a"b'`, "-I/a'b c": `"-I/a'b c"`} {
		if got, err := quoteFlag(flag); got != want || err != nil {
			t.Errorf("%s: got %s, %v; want %s", flag, got, err, want)
		}
	}
}

func TestImpossiblePaths(t *testing.T) {
	for _, dir := range []string{"/a,b", "/a:b", "/a\nb", `/a'b"c`} {
		if _, err := (Library{Dir: dir, Links: "/l", Include: "/i"}).Environ(context.Background()); err == nil {
			t.Errorf("%q: no error", dir)
		}
	}
}

// The judge of the quoting and of the run path is a real build: a program that links a library in a folder
// with a space and a quote in its name, and then runs without any of the variables.
func TestRealBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles runtime/cgo: some seconds")
	}
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc on PATH")
	}
	dir := layOut(t, filepath.Join(t.TempDir(), "it's a b"), map[string]string{
		"tf/include/tensorflow/c/c_api.h": "const char* TF_Version(void);\n",
		"version.c":                       "const char* TF_Version(void) { return \"2.18.9\"; }\n",
		"program/go.mod":                  "module program\n\ngo 1.25\n",
		"program/main.go": "package main\n\n// #cgo LDFLAGS: -ltensorflow\n// #include \"tensorflow/c/c_api.h\"\nimport \"C\"\n\n" +
			"func main() { println(C.GoString(C.TF_Version())) }\n",
	})
	run := func(env []string, in, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = in, append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	t.Setenv("CGO_LDFLAGS", "-L/usr/lib -lm") // what the user has already
	lib := filepath.Join(dir, "tf", "libtensorflow_cc.so.2")
	run(nil, dir, gcc, "-shared", "-fPIC", "-Wl,-soname,libtensorflow_cc.so.2", "-o", lib, "version.c")
	must(t, os.WriteFile(filepath.Join(dir, "tf", "libtensorflow_framework.so.2"), []byte(framework), 0o644))
	c := Config{GOOS: "linux", Override: filepath.Join(dir, "tf"), Cache: filepath.Join(dir, "cache")}
	found, _, err := c.Find(context.Background())
	must(t, err)
	vars, err := found.Environ(context.Background())
	must(t, err)
	var env []string
	for _, v := range vars {
		env = append(env, v.Name+"="+v.Value)
	}
	run(env, filepath.Join(dir, "program"), "go", "build", "-o", "program", ".")
	must(t, os.RemoveAll(filepath.Join(dir, "cache"))) // the links are for the linker only
	if got := run(nil, dir, filepath.Join(dir, "program", "program")); got != "2.18.9" {
		t.Errorf("the program says %q, want 2.18.9", got)
	}
}
