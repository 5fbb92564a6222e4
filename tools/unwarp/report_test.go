package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/pipelines"
	"unwarp/tools/internal/report"
)

// evaluatedRun is a folder with an evaluation of two images.
func evaluatedRun(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	r := report.Record{
		About: report.About{Run: name, Kind: "base", Set: "glyphs", Part: "test", Shape: [3]int{2, 2, 1}, Classes: 2},
		Evaluation: attacks.Evaluation{
			Norm: attacks.Linf, Radii: []float32{.1}, Images: 2, CleanCorrect: 2, Labels: []int32{0, 1}, Clean: []int32{0, 1}, Index: []int{0, 1},
			Attacks: []attacks.AttackResult{{Attack: "fgsm", Name: "fgsm", Family: attacks.WhiteBox, Norm: attacks.Linf, Radii: []float32{.1}, Results: []attacks.ImageResult{
				{Done: true, Distance: .1, ThreatDistance: .1, Class: 1, Tried: "1"}, {Done: true, Distance: .5, ThreatDistance: .5, Tried: "0"},
			}}},
		},
		Checks: []checks.Result{{ID: "C07", Title: "White-box finds what black-box finds", Status: checks.Fail, Value: "3 %", Threshold: "0.2 %"}},
	}
	x := []float32{0, 1, .5, 0}
	im := report.Images{Shape: pipelines.Shape{H: 2, W: 2, C: 1}, Clean: [][]float32{x, x}, Adversarial: [][][]float32{{x, nil}}}
	if err := report.Save(dir, r, im); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReport(t *testing.T) {
	a, b := evaluatedRun(t, "one"), evaluatedRun(t, "two")
	if got := must(t, "report", a).out; !strings.Contains(got, filepath.Join(a, "report.html")) || !strings.Contains(got, filepath.Join(a, "report.json")) {
		t.Errorf("want the paths, got %q", got)
	}
	page, err := os.ReadFile(filepath.Join(a, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<!doctype html>", "FGSM", "C07", "data:image/png"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("want %q in the page", want)
		}
	}
	t.Chdir(t.TempDir())
	must(t, "report", a, b)
	both, err := os.ReadFile("report.html")
	if err != nil || !strings.Contains(string(both), ">one</h2>") || !strings.Contains(string(both), ">two</h2>") {
		t.Errorf("want both runs in the current folder's page: %v", err)
	}
	must(t, "report", a, b, "--out", "deep/er")
	if _, err := os.Stat("deep/er/report.json"); err != nil {
		t.Error(err)
	}
	var r report.Report
	must(t, "report", a, b, "--json").decode(t, &r)
	if len(r.Runs) != 2 || r.Runs[0].Worst[0].Robust.Count != 1 || r.Version == "" {
		t.Errorf("report.json: %+v", r)
	}
	text := must(t, "report", a, "--text").out
	for _, want := range []string{"accuracy under each attack", "FGSM", "FAIL C07", "At most 50.0 % at 0.1, perhaps less: 1 of 1 check failed (C07)", "a stronger attack can only lower that"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}

func TestReportMisuse(t *testing.T) {
	a := evaluatedRun(t, "one")
	empty := t.TempDir()
	file := filepath.Join(empty, "file")
	if err := os.WriteFile(file, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	spoiled := evaluatedRun(t, "spoiled")
	record := filepath.Join(spoiled, report.AttackDir, "evaluation.json")
	if err := os.WriteFile(record, []byte(`{"unwarp_evaluation":1,"evaluation":{"images":3}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	unwarp(t, "report").fails(t, exitUsage, "report", "run folder", "none")
	unwarp(t, "report", filepath.Join(empty, "nowhere")).fails(t, exitUsage, "nowhere", "want a run folder")
	unwarp(t, "report", file).fails(t, exitUsage, file, "got a file")
	unwarp(t, "report", a, empty).fails(t, exitUsage, empty, "there is no evaluation", "unwarp attack "+empty)
	unwarp(t, "report", spoiled).fails(t, exitUsage, record, "3 images")
	unwarp(t, "report", a, "--text", "--json").fails(t, exitUsage, "exclude each other")
	unwarp(t, "report", a, "--text", "--out", empty).fails(t, exitUsage, "exclude each other")
	unwarp(t, "report", a, "--out", file).fails(t, exitFailed, "--out", file, "not written")
	if err := os.MkdirAll(filepath.Join(empty, "taken", "report.html"), 0o755); err != nil {
		t.Fatal(err)
	}
	unwarp(t, "report", a, "--out", filepath.Join(empty, "taken")).fails(t, exitFailed, "report.html", "not written")
	if _, err := os.Stat(filepath.Join(a, "report.html")); err == nil {
		t.Error("a refused report was written all the same")
	}
}
