//go:build linux || darwin

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var program string // tf, built once

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tf")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "tf")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// tf prepares a run that finds a library in a folder with a difficult name.
func tf(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "it's $HOME `x`")
	for _, name := range []string{"lib/libtensorflow.so", "lib/libtensorflow_framework.so.2", "include/tensorflow/c/c_api.h"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("\x002.18.4\x00"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "UNWARP_TENSORFLOW="+dir, "UNWARP_CACHE="+t.TempDir(),
		"CGO_CFLAGS=-O1", "CGO_LDFLAGS=", "CGO_ENABLED=", "TF_CPP_MIN_LOG_LEVEL=")
	return cmd
}

func TestExitCodes(t *testing.T) {
	script := filepath.Join(t.TempDir(), "not-executable")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{args: nil, code: 0, stdout: "usage:"},
		{args: []string{"--help"}, code: 0, stdout: "exit codes:"},
		{args: []string{"help"}, code: 0, stdout: "examples:"},
		{args: []string{"where"}, code: 0, stdout: "version  2.18.4"},
		{args: []string{"where", "-h"}, code: 0, stderr: "-verify"},
		{args: []string{"where", "now"}, code: 2, stderr: `takes no argument, got "now"`},
		{args: []string{"env", "--fish"}, code: 2, stderr: "fish"},
		{args: []string{"-x"}, code: 2, stderr: "want a command, got the flag -x"},
		{args: []string{"sh", "-c", "exit 0"}, code: 0},
		{args: []string{"sh", "-c", "echo out; echo err >&2; exit 7"}, code: 7, stdout: "out", stderr: "err"},
		{args: []string{"--", "env", "-i", "sh", "-c", "echo the real env"}, code: 0, stdout: "the real env"},
		{args: []string{"no-such-command"}, code: 127, stderr: `"no-such-command": executable file not found`},
		{args: []string{script}, code: 126, stderr: "permission denied"},
	} {
		var stdout, stderr strings.Builder
		cmd := tf(t, test.args...)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != test.code {
			t.Errorf("tf %q: exit code %d, want %d; %s", test.args, got, test.code, stderr.String())
		}
		if !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("tf %q: printed %q and %q, want %q and %q", test.args, stdout.String(), stderr.String(), test.stdout, test.stderr)
		}
	}
}

// The command takes the process over: its number, its input and its death by a signal.
func TestCommandReplacesProcess(t *testing.T) {
	var stdout strings.Builder
	cmd := tf(t, "sh", "-c", "cat; echo $$; kill -TERM $$; sleep 5")
	cmd.Stdin, cmd.Stdout = strings.NewReader("input "), &stdout
	cmd.Run()
	if want := fmt.Sprintf("input %d\n", cmd.Process.Pid); stdout.String() != want {
		t.Errorf("printed %q, want %q", stdout.String(), want)
	}
	if s := cmd.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v, want SIGTERM", cmd.ProcessState)
	}
}

// A shell that evaluates `tf env`, the JSON, and a command started by tf agree.
func TestEnv(t *testing.T) {
	names := []string{"CGO_CFLAGS", "CGO_LDFLAGS", "CGO_ENABLED", "TF_CPP_MIN_LOG_LEVEL"}
	list := func(vars func(string) string) string {
		var b strings.Builder
		for _, name := range names {
			fmt.Fprintf(&b, "%s=%s\n", name, vars(name))
		}
		return b.String()
	}
	printAll := `for n in ` + strings.Join(names, " ") + `; do printf '%s=%s\n' "$n" "$(printenv "$n")"; done`

	cmd := tf(t, "sh", "-c", printAll)
	started := output(t, cmd)
	env := cmd.Env
	if !strings.Contains(started, "CGO_CFLAGS=\"-I") || !strings.Contains(started, "it's $HOME `x`/lib") || !strings.Contains(started, "LEVEL=2") {
		t.Errorf("a command got\n%s", started)
	}
	shell := exec.Command("sh", "-c", `eval "$("$0" env)"; `+printAll, program)
	shell.Env = env
	if got := output(t, shell); got != started {
		t.Errorf("eval gave\n%s\nwant\n%s", got, started)
	}
	asJSON := exec.Command(program, "env", "--json")
	asJSON.Env = env
	var object map[string]string
	if err := json.Unmarshal([]byte(output(t, asJSON)), &object); err != nil {
		t.Fatal(err)
	}
	if got := list(func(name string) string { return object[name] }); got != started {
		t.Errorf("JSON gave\n%s\nwant\n%s", got, started)
	}
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v", cmd.Args, err)
	}
	return string(out)
}

// A variable that names nothing usable is an error of one line, even where a library could be fetched.
func TestBadVariable(t *testing.T) {
	cmd := tf(t, "true")
	cmd.Env = append(cmd.Env, "UNWARP_TENSORFLOW=/nowhere")
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "UNWARP_TENSORFLOW=/nowhere") || strings.Count(string(out), "\n") != 1 {
		t.Errorf("%v: %s", cmd.ProcessState, out)
	}
}

// Ctrl-C in a fetch ends it with 130 and leaves nothing but the lock.
func TestInterrupted(t *testing.T) {
	cache, bin := t.TempDir(), t.TempDir()
	fake := "#!/bin/sh\ncase \"$*\" in *--version) exit 0;; *' download '*) touch '" + bin + "/marker'; exec sleep 60;; esac\n"
	if err := os.WriteFile(filepath.Join(bin, "python3"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "true")
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "UNWARP_CACHE="+cache, "UNWARP_TENSORFLOW=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { cmd.Wait(); close(exited) }()
	for _, err := os.Stat(filepath.Join(bin, "marker")); err != nil; _, err = os.Stat(filepath.Join(bin, "marker")) {
		select {
		case <-exited:
			t.Skipf("nothing to fetch here: %s", stderr.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	cmd.Process.Signal(os.Interrupt)
	<-exited
	if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(stderr.String(), "tf: interrupted") {
		t.Errorf("exit code %d, want 130: %s", code, stderr.String())
	}
	if left, _ := filepath.Glob(cache + "/*[^k]"); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// tf must build and run where there is no C compiler and before the library is there.
func TestPureGo(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if .CgoFiles}}{{.ImportPath}}{{end}}", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if got := strings.TrimSpace(output(t, cmd)); got != "" {
		t.Errorf("uses cgo through %q", got)
	}
}
