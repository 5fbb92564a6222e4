package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/runlist"
)

// TestRuns: what is listed is what the runs' own files say; damaged and unfinished ones are listed too.
func TestRuns(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"a[1]", "deep/b", "cut", "broken"} {
		if err := os.CopyFS(filepath.Join(home, name), os.DirFS(trained(t))); err != nil {
			t.Fatal(err)
		}
		os.RemoveAll(filepath.Join(home, name, "attack")) // of other tests
	}
	os.Remove(filepath.Join(home, "cut", "summary.json"))
	edit(t, filepath.Join(home, "broken", "config.yaml"), func(string) string { return "train: [" })
	edit(t, filepath.Join(home, "cut", "metrics.jsonl"), func(text string) string { return text + `{"kind":"tra` })
	var s report.Summary
	trained(t)
	shared.r.decode(t, &s)

	var runs []runlist.Run
	must(t, "runs", home, filepath.Join(home, "a[1]"), "--json").decode(t, &runs)
	if len(runs) != 4 {
		t.Fatalf("want 4 runs, got %+v", runs)
	}
	for i, want := range []string{"a[1]", "broken", "cut", "deep/b"} {
		if runs[i].Path != filepath.Join(home, want) {
			t.Errorf("run %d is %s, want %s", i, runs[i].Path, want)
		}
	}
	whole, broken, cut := runs[0], runs[1], runs[2]
	if !whole.Finished || whole.Set != "glyphs" || whole.Step != 4 || *whole.Accuracy != s.Test.Accuracy || whole.Images != 30 || whole.Attacked.Eps != s.Attacks.Worst[0].Eps || whole.Attacked.Accuracy != s.Attacks.Worst[0].Robust.Share || whole.Bytes < 1000 {
		t.Errorf("the run: %+v", whole)
	}
	if broken.Error == "" || broken.Accuracy != nil {
		t.Errorf("the broken run: %+v", broken)
	}
	if cut.Finished || cut.Step != 4 || *cut.Accuracy != s.Training.Validation.Accuracy || cut.Images != 20 || cut.Attacked != nil {
		t.Errorf("the unfinished run: %+v", cut)
	}
	text := must(t, "runs", home).out
	if lines := strings.Split(text, "\n"); len(lines) != 6 || !strings.Contains(lines[2], "4 so far  ~") || !strings.Contains(lines[4], "broken") {
		t.Errorf("printed %s", text)
	}
	if row := runRow(runlist.Run{Set: "folder", Data: "data/photos"}); row[1] != "folder photos" {
		t.Errorf("the data of a run on photos: %q", row[1])
	}
	unwarp(t, "runs", filepath.Join(home, "none")).fails(t, exitUsage, "want a folder with run folders")
	unwarp(t, "runs", home, "--sort", "x").fails(t, exitUsage, "--sort: want one of path")
	if r := must(t, "runs", t.TempDir(), "--json"); strings.TrimSpace(r.out) != "[]" {
		t.Errorf("no runs: %q", r.out)
	}
}
