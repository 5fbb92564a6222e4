package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// summary is a run folder's summary.json with one FGSM outcome at eps .1.
func summary(t *testing.T, kind, loss string, accuracy float64, right int) string {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf(`{"config":{"Model":{"Kind":%q},"Seed":1},"test":{"accuracy":%g},
		"attacks":{"images":200,"outcomes":[{"attack":"fgsm","loss":%q,"eps":0.1,"steps":1,"images":200,"right":%d}]}}`, kind, accuracy, loss, right)
	if err := os.WriteFile(filepath.Join(dir, "summary.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTables(t *testing.T) {
	dirs := []string{
		summary(t, "disentangled", "training", .990, 180), // success 10 %
		summary(t, "disentangled", "training", .994, 160), // success 20 %
		summary(t, "base", "classification", .99, 50),     // success 75 %
		t.TempDir(), // not finished: left out
	}
	runs, err := read(dirs)
	if err != nil || len(runs) != 3 {
		t.Fatalf("want the three finished runs, got %d, %v", len(runs), err)
	}
	var b bytes.Buffer
	write(&b, runs)
	for _, want := range []string{
		"| disentangled | 2 | 99.20 ± 0.28 |",
		"| base CNN, on the classifier | 75.0 | – | – | – | – |",
		"| disentangled, gradient of the whole training loss (closest to the paper) | 15.0 ± 7.1 | – |",
		"| disentangled, *paper* | *8.8* | *12.3* |",
		"200 test images.",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
}

func TestReadRefuses(t *testing.T) {
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "summary.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, dirs := range map[string][]string{"broken": {broken}, "none finished": {t.TempDir()}} {
		if _, err := read(dirs); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}
