package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/tools/internal/report"
)

// awkwardFolder is a name that a shell, a terminal and a fold of words would change.
const awkwardFolder = "-it's  $HOME;\u00fc!"

// TestCopiedCommands: lines to copy are read by a shell as they are meant.
func TestCopiedCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir(awkwardFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	r := unwarp(t, "report", "./"+awkwardFolder)
	r.fails(t, exitUsage, "there is no evaluation")
	_, command, found := strings.Cut(strings.TrimSpace(r.err), "make it with ")
	if !found {
		t.Fatalf("want a command in %q", r.err)
	}
	want := []string{"unwarp", "attack", "./" + awkwardFolder}
	if got := splitCommand(t, command); !slices.Equal(got, want) {
		t.Errorf("want %q, got %q of %s", want, got, command)
	}
}

// splitCommand has a shell split a command line into its words.
func splitCommand(t *testing.T, line string) []string {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	out, err := exec.Command(sh, "-c", `printf '%s\0' `+line).Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// TestMessage is one line that keeps the spaces of a path.
func TestMessage(t *testing.T) {
	if got, want := message(errors.New("a  b\n\n   c\x1b[2J\td")), "a  b c\ufffd[2J d"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

// TestTerminal: what a record holds cannot steer the terminal, and JSON keeps it.
func TestTerminal(t *testing.T) {
	const name = "net\x1b]0;owned\x07\x1b[31m\u202e"
	dir := evaluatedRun(t, "one")
	path := filepath.Join(dir, report.AttackDir, "evaluation.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.Replace(raw, []byte(`"run":"one"`), append([]byte(`"run":`), quoted...), 1)
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"report", dir, "--text"}, {"report", dir, "--json"}} {
		out := must(t, args...).out
		if strings.ContainsAny(out, "\x1b\x07\u202e") || !strings.Contains(out, "net") {
			t.Errorf("%q: got %q", args, out)
		}
	}
	var b bytes.Buffer
	if err := writeJSON(watch(&b), name); err != nil || strings.ContainsAny(b.String(), "\x1b\u202e") {
		t.Errorf("got %q, %v", b.String(), err)
	}
	var got string
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got != name {
		t.Errorf("JSON: want %q, got %q, %v", name, got, err)
	}
	out := watch(&b)
	b.Reset()
	out.Write([]byte("class \x1b[31mred\n\xe6"))
	out.Close()
	if b.String() != "class \ufffd[31mred\n\ufffd" || out.err != nil {
		t.Errorf("got %q, %v", b.String(), out.err)
	}
}

// TestPlanAsJSON: --plan --json is JSON, also where no data set is.
func TestPlanAsJSON(t *testing.T) {
	for _, args := range [][]string{{"table10"}, {"all"}, {"table1", "figure4", "--seeds", "2"}} {
		r := must(t, append(append([]string{"reproduce"}, args...), "--plan", "--json", "--data", filepath.Join(t.TempDir(), "none"), "--runs", t.TempDir())...)
		var plan struct {
			Jobs []struct {
				Name, State string
				Seed        int
				Left        []string
			}
			Count   map[string]int
			Left    int
			Missing []string
		}
		r.decode(t, &plan)
		if len(plan.Jobs) == 0 || plan.Count["to be trained"] != len(plan.Jobs) || plan.Left == 0 || len(plan.Missing) == 0 || plan.Jobs[0].Name == "" || plan.Jobs[0].Seed != 1 {
			t.Errorf("%q: got %+v", args, plan)
		}
		if strings.Contains(r.err, "left out") {
			t.Errorf("%q: nothing is left out of this plan: %s", args, r.err)
		}
	}
	r := must(t, "reproduce", "table10", "--plan", "--data", filepath.Join(t.TempDir(), "none"))
	if !strings.Contains(r.out, "2 runs: 0 finished") || !strings.Contains(r.out, "There is no data set at ") {
		t.Errorf("got\n%s", r.out)
	}
}
