package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	disk "unwarp/pipelines/files"
	"unwarp/tools/internal/report"
)

// sharded attacks the shards of an evaluation of 20 images into home.
func sharded(t *testing.T, home string, n int, flags ...string) (folders []string) {
	t.Helper()
	for k := 1; k <= n; k++ {
		must(t, append([]string{"attack", trained(t), "--out", home, "--images", "20", "--checks", "0", "--shard", fmt.Sprintf("%d/%d", k, n)}, flags...)...)
		folders = append(folders, filepath.Join(home, "attack", fmt.Sprintf("shard-%d-of-%d", k, n)))
	}
	return folders
}

// comparable is a record without what may differ between an evaluation that was
// divided and one that was not.
func comparable(t *testing.T, r result) map[string]any {
	t.Helper()
	var tree map[string]any
	r.decode(t, &tree)
	for _, key := range []string{"date", "machine", "command", "shards"} {
		delete(tree, key)
	}
	delete(tree["evaluation"].(map[string]any), "seconds")
	return tree
}

// TestShards: shards in any order, one of them resumed, give the evaluation of
// one command, its stored pictures and its report.
func TestShards(t *testing.T) {
	whole, home := t.TempDir(), t.TempDir()
	want := comparable(t, must(t, "attack", trained(t), "--out", whole, "--images", "20", "--checks", "0", "--json"))
	folders := sharded(t, home, 3)
	if err := os.Remove(filepath.Join(folders[1], "journal.jsonl")); err != nil {
		t.Fatal(err)
	}
	must(t, "attack", trained(t), "--out", home, "--images", "20", "--shard", "2/3", "--resume")
	pictures := files(t, filepath.Join(whole, "attack"))["images.npz"]
	for _, dirs := range [][]string{{home}, {folders[2], folders[0], folders[1]}, {folders[1], folders[0], filepath.Dir(folders[2])}} {
		to := t.TempDir()
		if got := comparable(t, must(t, append([]string{"attack", "merge", "--out", to, "--json"}, dirs...)...)); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: the merged evaluation differs: want %.400v, got %.400v", dirs, want, got)
		}
		if got := files(t, filepath.Join(to, "attack"))["images.npz"]; !slices.Equal(got, pictures) {
			t.Errorf("%v: other pictures", dirs)
		}
		page := must(t, "report", to, "--text").out
		if one := must(t, "report", whole, "--text").out; withoutTimes(page) != withoutTimes(one) {
			t.Errorf("another report:\n%s\nwant\n%s", page, one)
		}
	}
}

// withoutTimes leaves out the lines of a report that name times or folders.
func withoutTimes(text string) string {
	var kept []string
	before, cost, found := strings.Cut(text, "cost of each attack")
	if _, after, ok := strings.Cut(cost, "\n\n"); found && ok {
		text = before + after
	}
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "second") && !strings.Contains(line, " s;") && !strings.Contains(line, "/tmp/") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// TestMergeRefuses: what is amiss is named, a line each, and nothing is written.
func TestMergeRefuses(t *testing.T) {
	home, to, run := t.TempDir(), t.TempDir(), spoiled(t)
	for _, k := range []string{"1/2", "2/2"} {
		must(t, "attack", run, "--out", home, "--images", "20", "--checks", "0", "--shard", k)
	}
	first := filepath.Join(home, "attack", "shard-1-of-2")
	unwarp(t, "attack", "merge").fails(t, exitUsage, "want folders of shards")
	r := unwarp(t, "attack", "merge", first, t.TempDir(), "--out", to)
	if lines := strings.Split(r.err, "\n"); r.code != exitUsage || len(lines) != 4 || !strings.Contains(r.err, "shard 2/2 is missing") || !strings.Contains(r.err, "found none") || !strings.Contains(r.last(), "2 problems") {
		t.Errorf("two problems: exit code %d, %q", r.code, r.err)
	}
	unwarp(t, "attack", "merge", home, "--out", to, "--set", "data.seed=9").fails(t, exitUsage, "is not that of the training")
	unwarp(t, "attack", "merge", home, "--out", to, "--set", "attack.eps=.2").fails(t, exitUsage, "attack.eps", "another evaluation")
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(run, moved); err != nil {
		t.Fatal(err)
	}
	unwarp(t, "attack", "merge", home, "--out", to).fails(t, exitUsage, "--run", "is not there")
	edit(t, filepath.Join(first, "config.yaml"), func(text string) string { return text[:len(text)/2] })
	unwarp(t, "attack", "merge", home, "--out", to, "--run", moved).fails(t, exitUsage, "config.yaml", "--restart")
	if left := files(t, to); len(left) > 0 {
		t.Errorf("left behind %s", names(left))
	}
}

// TestShardTwiceAtOnce: one process at a time attacks a shard; others do not
// mind. What is there is not overwritten unasked.
func TestShardTwiceAtOnce(t *testing.T) {
	home := t.TempDir()
	attack := func(flags ...string) []string {
		return append([]string{"attack", trained(t), "--out", home, "--images", "6", "--checks", "0"}, flags...)
	}
	folder := filepath.Join(home, "attack", "shard-1-of-2")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	lock, err := disk.LockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	unwarp(t, attack("--shard", "1/2")...).fails(t, exitFailed, "is writing here")
	must(t, attack("--shard", "2/2")...)
	must(t, attack()...)
	lock.Close()
	must(t, attack("--shard", "1/2", "--resume")...) // begins
	unwarp(t, attack("--shard", "1/2")...).fails(t, exitUsage, "which is finished", "--restart")
	must(t, attack("--shard", "1/2", "--resume")...)
	must(t, attack("--shard", "1/2", "--restart")...)
	unwarp(t, attack("--shard", "1/2", "--resume", "--eps", ".05")...).fails(t, exitUsage, "another evaluation", "attack.eps")
	for _, wrong := range []string{"3/2", "0/2", "x", "1/", "2"} {
		unwarp(t, attack("--shard", wrong)...).fails(t, exitUsage, "--shard", "K/N")
	}
}

// TestShardExamples: the examples of all images, where the shards kept them.
func TestShardExamples(t *testing.T) {
	home, whole := t.TempDir(), t.TempDir()
	must(t, "attack", trained(t), "--out", whole, "--images", "20", "--checks", "0", "--save", filepath.Join(whole, "all.npz"))
	sharded(t, home, 2, "--save", filepath.Join(home, "part.npz"))
	must(t, "attack", "merge", home, "--out", home, "--checks", "0", "--save", filepath.Join(home, "all.npz"))
	if a, b := files(t, whole)["all.npz"], files(t, home)["all.npz"]; len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("other examples: %d bytes, want %d", len(b), len(a))
	}
	few := t.TempDir()
	sharded(t, few, 2)
	unwarp(t, "attack", "merge", few, "--out", few, "--save", filepath.Join(few, "all.npz")).fails(t, exitUsage, "--save", "first 10 images")
}

// TestShellLoop runs the loop of the documents as a shell reads it.
func TestShellLoop(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "attacks", "SHARDS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, loop, _ := strings.Cut(string(text), "```sh\n")
	loop, _, ok := strings.Cut(loop, "```")
	if !ok || !strings.Contains(loop, "--shard") {
		t.Fatalf("want the loop first in the page, got %q", loop)
	}
	bin, run := t.TempDir(), spoiled(t)
	if err := os.WriteFile(filepath.Join(bin, "unwarp"), fmt.Appendf(nil, "#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", beUnwarp, os.Args[0]), 0o755); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "-c", loop)
	c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "RUN="+run, "SHARDS=2", "UNWARP_ATTACK_CHECKS=0")
	c.WaitDelay = time.Minute
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if r, _, err := report.Load(run); err != nil || r.Shards != 2 || r.Evaluation.Images != 30 {
		t.Errorf("want 30 images in 2 shards, got %d in %d, %v", r.Evaluation.Images, r.Shards, err)
	}
}
