package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// evaluated is a folder with an evaluation of 10 images, 9 right without
// attack, of which an attack at eps .1 and .2 breaks some.
func evaluated(t *testing.T, kind, attack string, broken int) string {
	t.Helper()
	dir := t.TempDir()
	var attempts []string
	for i := range 10 {
		tried, distance := "00", "null"
		if i < broken {
			tried, distance = "1.", "0.1"
		}
		attempts = append(attempts, fmt.Sprintf(`{"done":%t,"tried":%q,"distance":%s}`, i < 9, tried, distance))
	}
	text := fmt.Sprintf(`{"kind":%q,"evaluation":{"images":10,"clean_right":9,"series":[{"attack":%q,"radii":[0.1,0.2],"attempts":[%s]}]}}`,
		kind, attack, strings.Join(attempts, ","))
	if err := os.Mkdir(filepath.Join(dir, "attack"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "attack", "evaluation.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTables(t *testing.T) {
	dirs := []string{
		evaluated(t, "disentangled", "fgsm(loss=training,eps=0.1 0.2)", 1), // success 1+1 of 10
		evaluated(t, "disentangled", "fgsm(loss=training,eps=0.1 0.2)", 3),
		evaluated(t, "base", "fgsm", 5),
		evaluated(t, "base", "localsearch(rounds=50)", 8),
		evaluated(t, "base", "localsearch", 9),
		t.TempDir(), // not evaluated: left out
	}
	runs, err := read(dirs)
	if err != nil || len(runs) != 5 {
		t.Fatalf("want the five evaluated runs, got %d, %v", len(runs), err)
	}
	var b bytes.Buffer
	write(&b, runs)
	for _, want := range []string{
		"| disentangled | 2 | 90.00 ± 0.00 |",
		"| base CNN, on the classifier | 60.0 | – | – | – | – |", // at .2 it was not run on all
		"| disentangled, gradient of the whole training loss (closest to the paper) | 30.0 ± 14.1 | – |",
		"| disentangled, *paper* | *8.8* | *12.3* |",
		"| base CNN, as in the attack's own paper | 90.0 | 100.0 |",
		"| base CNN, as in Foolbox 1 | – | – |",
		"10 test images.",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
}

func TestWithoutEps(t *testing.T) {
	for text, want := range map[string]string{
		"fgsm": "fgsm", "fgsm(eps=.1 .2)": "fgsm", "bim(steps=2,eps=.1)": "bim(steps=2)", "bim(eps=.1,seed=2)": "bim(seed=2)",
	} {
		if got := withoutEps(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	broken := t.TempDir()
	if err := os.Mkdir(filepath.Join(broken, "attack"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "attack", "evaluation.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, dirs := range map[string][]string{"broken": {broken}, "none finished": {t.TempDir()}} {
		if _, err := read(dirs); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}
