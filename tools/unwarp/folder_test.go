package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"unwarp/attacks"
	"unwarp/pipelines"
	disk "unwarp/pipelines/files"
	"unwarp/tools/internal/report"
)

// TestLocked: a second command that writes into a folder names the first and
// ends; one that reads a run which trains does not mind.
func TestLocked(t *testing.T) {
	run := spoiled(t)
	host, _ := os.Hostname()
	who := fmt.Sprintf("process %d on %.20s", os.Getpid(), host)
	attack := []string{"attack", run, "--images", "4", "--checks", "0", "--attack", "fgsm", "--eps", ".1"}
	for _, row := range []struct {
		lock func() (*disk.Lock, error)
		args []string
	}{
		{func() (*disk.Lock, error) { return disk.LockFolder(run) }, []string{"train", "--resume", run}},
		{func() (*disk.Lock, error) { return disk.LockFolder(filepath.Join(run, "attack")) }, attack},
		{func() (*disk.Lock, error) { return disk.LockFolder(filepath.Join(run, "attack")) }, append(attack, "--restart")},
		{func() (*disk.Lock, error) { return disk.LockFolder(filepath.Join(run, "attack")) }, append(attack, "--resume")},
		{func() (*disk.Lock, error) { return disk.LockBeside(filepath.Join(run, "export")) }, []string{"export", run}},
	} {
		l, err := row.lock()
		if err != nil {
			t.Fatal(err)
		}
		before := files(t, run)
		r := unwarp(t, row.args...)
		r.fails(t, exitFailed, run, who, "wait until it has ended", fmt.Sprintf("kill %d", os.Getpid()))
		after := files(t, run)
		for name, raw := range before {
			if !bytes.Equal(after[name], raw) {
				t.Errorf("%v: %s has changed", row.args, name)
			}
		}
		l.Close()
	}
	l, err := disk.LockFolder(run)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	must(t, attack...)
	must(t, "evaluate", run)
	must(t, "report", run)
}

// TestStartedTwice: of two trainings that are started into one new folder at the
// same moment one runs, as if it were alone.
func TestStartedTwice(t *testing.T) {
	config := configFile(t, long)
	dir := filepath.Join(t.TempDir(), "run")
	var said [2]bytes.Buffer
	var both [2]*exec.Cmd
	for i := range both {
		both[i] = child(t, "train", "--config", config, "--run", dir)
		both[i].Stderr = &said[i]
		if err := both[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	var codes []int
	for i, c := range both {
		c.Wait()
		codes = append(codes, c.ProcessState.ExitCode())
		if codes[i] != exitDone && !strings.Contains(said[i].String(), "writing here since") && !strings.Contains(said[i].String(), "holds a run already") {
			t.Errorf("refused with %q", said[i].String())
		}
	}
	if (codes[0] == exitDone) == (codes[1] == exitDone) {
		t.Fatalf("want one of two to run, got the exit codes %v: %s", codes, said[0].String()+said[1].String())
	}
	if got := strings.Count(steps(t, dir), "true "); got != 30 {
		t.Errorf("want 30 lines on training, got %s", steps(t, dir))
	}
}

// TestRunDeleted: a training whose folder is deleted fails, says so, and makes
// nothing anew.
func TestRunDeleted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	c := child(t, "train", "--config", configFile(t, long), "--run", dir, "--set", "train.duration=3000st")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c, func() bool { return beyond(dir) })
	if err := os.Rename(dir, dir+".gone"); err != nil { // in one step, unlike a removal
		t.Fatal(err)
	}
	c.Wait()
	r := result{c.ProcessState.ExitCode(), "", stderr.String()}
	r.failsAfter(t, exitFailed, dir, "deleted, renamed or replaced")
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("made anew: %v", err)
	}
}

// TestAttackDeleted is the same for an evaluation.
func TestAttackDeleted(t *testing.T) {
	run, home := trained(t), t.TempDir()
	c := child(t, "attack", run, "--out", home, "--images", "0", "--set", "data.test=4000", "--other-data", "--set", "attack.batch=8", "--checks", "0", "--attack", "pgd(steps=50,restarts=5)", "--eps", ".02 .1")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, c, func() bool {
		raw, err := os.ReadFile(filepath.Join(home, "attack", "journal.jsonl"))
		return err == nil && bytes.Count(raw, []byte("\n")) > 1
	})
	if err := os.Rename(filepath.Join(home, "attack"), filepath.Join(home, "gone")); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	result{c.ProcessState.ExitCode(), "", stderr.String()}.failsAfter(t, exitFailed, "journal.jsonl", "deleted, renamed or replaced")
	if left, _ := os.ReadDir(home); len(left) != 1 {
		t.Errorf("made anew: %v", left)
	}
}

// TestUmask: all that a training, an attack, an export and a report leave has the
// modes that the umask leaves of 0666 and 0777.
func TestUmask(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	for _, args := range [][]string{
		{"train", "--config", configFile(t, tiny), "--run", run},
		{"attack", run, "--images", "4", "--checks", "0", "--attack", "fgsm", "--eps", ".1", "--save", filepath.Join(dir, "examples.npz")},
		{"export", run, "--out", filepath.Join(dir, "model"), "--reference", filepath.Join(dir, "reference.npz")},
		{"report", run, "--out", filepath.Join(dir, "page")},
		{"swap", run, "--out", filepath.Join(dir, "swap.png")},
	} {
		c := child(t, args...)
		before := syscall.Umask(0o002)
		out, err := c.CombinedOutput()
		syscall.Umask(before)
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		want := os.FileMode(0o664)
		if d.IsDir() {
			want = 0o775
		}
		if info, err := d.Info(); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: want %v, got %v, %v", path, want, info.Mode().Perm(), err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestExportTwice: two processes export one checkpoint to equal files.
func TestExportTwice(t *testing.T) {
	run, dir := trained(t), t.TempDir()
	var sums [2]map[string][sha256.Size]byte
	for i, name := range []string{"a", "b"} {
		out := filepath.Join(dir, name)
		if said, err := child(t, "export", run, "--out", out).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		sums[i] = map[string][sha256.Size]byte{}
		for file, raw := range files(t, out) {
			sums[i][file] = sha256.Sum256(raw)
		}
	}
	if len(sums[0]) != 5 || len(sums[1]) != 5 {
		t.Fatalf("want five files, got %s and %s", names(sums[0]), names(sums[1]))
	}
	for file, sum := range sums[0] {
		if sums[1][file] != sum {
			t.Errorf("%s differs", file)
		}
	}
}

// TestEarlierEvaluation: an evaluation that another one replaces is kept and
// named, unless the other measures all of it again.
func TestEarlierEvaluation(t *testing.T) {
	run := spoiled(t)
	was, _, err := report.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"attack", run, "--images", "4", "--checks", "0", "--attack", "fgsm", "--eps", ".1"}
	r := must(t, args...)
	all, _ := filepath.Glob(filepath.Join(run, "earlier", "*"))
	if len(all) != 1 || !strings.Contains(r.err, "is kept in "+all[0]) {
		t.Fatalf("want it kept and said, got %v, %q", all, r.err)
	}
	if kept, images, err := report.Load(all[0]); err != nil || len(kept.Evaluation.Attacks) != len(was.Evaluation.Attacks) || !kept.Date.Equal(was.Date) || len(images.Clean) == 0 {
		t.Errorf("kept: %+v, %v", kept.About, err)
	}
	must(t, args...)
	if all, _ := filepath.Glob(filepath.Join(run, "earlier", "*")); len(all) != 1 {
		t.Errorf("the same again: %v", all)
	}
}

// Images that cannot be read are all named, with the remedy, a line each.
func TestMessageOfUnreadableImages(t *testing.T) {
	root := t.TempDir()
	for _, class := range []string{"cat", "dog"} {
		for i := range 9 {
			path := filepath.Join(root, class, fmt.Sprintf("%d.png", i))
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(path), 0o666)); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, err := pipelines.Open(t.Context(), pipelines.Data{Set: "folder", Path: root})
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(message(fmt.Errorf("part: %w", err)), "\n")
	if len(lines) != 19 || !strings.Contains(lines[0], "got 18 that cannot") || !strings.Contains(lines[0], "--skip-bad") {
		t.Fatalf("got %q", lines)
	}
	for i, line := range lines {
		if len(line) >= 300 || i > 0 && !strings.HasPrefix(line, "  "+root) {
			t.Errorf("line %d: %s", i, line)
		}
	}
}

// A message stays readable however long its parts are.
func TestMessageLength(t *testing.T) {
	long := message(fmt.Errorf("run folder %s: want one: make it first", strings.Repeat("deep/", 1000)))
	if len(long) >= 300 || !strings.HasPrefix(long, "run folder deep/") || !strings.HasSuffix(long, "make it first") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
	words := "want one of " + strings.Join(attacks.Names(), ", ") + ", " + strings.Join(attacks.Names(), ", ") + ": see --list"
	list := message(errors.New(words))
	before, after, cut := strings.Cut(list, "…")
	if !cut || len(list) >= 300 || !strings.Contains(words, before) || !strings.HasSuffix(before, ", ") || !strings.Contains(words, ", "+strings.TrimPrefix(after, " ")) || !strings.HasPrefix(after, " ") {
		t.Errorf("want a list that is cut between words, got %s", list)
	}
}
