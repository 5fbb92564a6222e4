package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// beUnwarp makes the test binary the program itself, for tests that kill it.
const beUnwarp = "TEST_AS_UNWARP"

func TestMain(m *testing.M) {
	if os.Getenv(beUnwarp) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	for _, kv := range os.Environ() { // the tester's own settings are none of ours
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "UNWARP_") && name != "UNWARP_TENSORFLOW" && name != "UNWARP_CACHE" {
			os.Unsetenv(name)
		}
	}
	code := m.Run()
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
	if provableRun.dir != "" {
		os.RemoveAll(filepath.Dir(provableRun.dir))
	}
	os.Exit(code)
}

// result is what a command came to.
type result struct {
	code     int
	out, err string
}

// unwarp runs a command in this process.
func unwarp(t *testing.T, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := run(args, &out, &err)
	return result{code, out.String(), err.String()}
}

// must runs a command that has to succeed.
func must(t *testing.T, args ...string) result {
	t.Helper()
	r := unwarp(t, args...)
	if r.code != exitDone {
		t.Fatalf("unwarp %s: exit code %d: %s", strings.Join(args, " "), r.code, r.err)
	}
	return r
}

// last is the last line of standard error.
func (r result) last() string {
	lines := strings.Split(strings.TrimRight(r.err, "\n"), "\n")
	return lines[len(lines)-1]
}

// decode reads the JSON on standard output, and nothing else may be there.
func (r result) decode(t *testing.T, v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(r.out))
	if err := d.Decode(v); err != nil {
		t.Fatalf("standard output: %v:\n%s", err, r.out)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("standard output holds more than one JSON value:\n%s", r.out)
	}
}

// fails checks exit code, the one line of the message, and what it names.
func (r result) fails(t *testing.T, code int, names ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code: want %d, got %d: %s", code, r.code, r.last())
	}
	if r.out != "" {
		t.Errorf("standard output: want nothing, got %q", r.out)
	}
	if !strings.HasPrefix(r.last(), "unwarp: ") || r.err != r.last()+"\n" {
		t.Errorf("want one line of message, got %q", r.err)
	}
	for _, name := range names {
		if !strings.Contains(r.last(), name) {
			t.Errorf("want a message that names %q, got %q", name, r.last())
		}
	}
}

// tiny is a configuration that trains in a second.
const tiny = `
data: {train: 64, validation: 20, test: 30}
model: {appearance: 8, geometry: 8, width: 4}
train: {batch: 16, duration: 4st, checkpoint: 2st, evaluate: 4st}
attack: {images: 8, batch: 8, eps: .1 .3, attacks: [random, fgsm]}
`

// configFile writes a configuration.
func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// shared is a run that all tests may read and none may change.
var shared struct {
	once sync.Once
	dir  string
	r    result
}

// trained is the shared run's folder.
func trained(t *testing.T) string {
	t.Helper()
	shared.once.Do(func() {
		shared.dir, _ = os.MkdirTemp("", "unwarp-test-*")
		shared.r = unwarp(t, "train", "--config", configFile(t, tiny), "--run", filepath.Join(shared.dir, "run"), "--json")
	})
	if shared.r.code != exitDone {
		t.Fatalf("train: exit code %d: %s", shared.r.code, shared.r.err)
	}
	return filepath.Join(shared.dir, "run")
}

// spoiled is a copy of the shared run to be changed.
func spoiled(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(trained(t))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// child is the program in a process of its own.
func child(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), beUnwarp+"=1")
	return c
}

// files lists what lies below dir.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		raw, err := os.ReadFile(path)
		all[rel] = raw
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func pointer(dir, name string) string {
	raw, err := os.ReadFile(filepath.Join(dir, "checkpoints", name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}

func names[V any](m map[string]V) string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return fmt.Sprint(all)
}
