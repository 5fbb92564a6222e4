package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/report"
)

// pngOf is an image of one colour, in a file.
func pngOf(t *testing.T, path string, shade uint8) {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 9, 9))
	for i := range m.Pix {
		m.Pix[i] = shade + uint8(i%3)
	}
	var b bytes.Buffer
	if err := errors.Join(png.Encode(&b, m), os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, b.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
}

// Images that were trained on are known again in another folder, under other names,
// by a run and by its export, which can be written anew; they are refused unless they
// are meant, and then the figure says so.
func TestTrainedImagesAreRefused(t *testing.T) {
	root, other := t.TempDir(), t.TempDir()
	for k, class := range []string{"ant", "bee"} {
		for i := range 8 {
			shade := uint8(100*k + 5*i)
			pngOf(t, filepath.Join(root, []string{"train", "test"}[i/6], class, fmt.Sprintf("%d.png", i)), shade)
			pngOf(t, filepath.Join(other, "train", class, fmt.Sprintf("x%d.png", i)), shade+2)
			if i >= 4 { // two of them trained on
				pngOf(t, filepath.Join(other, "test", class, fmt.Sprintf("y%d.png", i)), shade)
			}
		}
	}
	run := filepath.Join(t.TempDir(), "run")
	must(t, "train", "--data", root, "--run", run, "--batch", "4", "--epochs", "1", "--set", "model.kind=base", "--set", "model.encoder=hinton", "--set", "data.size=8", "--set", "model.appearance=4", "--set", "model.geometry=4", "--set", "attack.images=1", "--set", "attack.attacks=fgsm")
	must(t, "export", run) // in place of that of the training, labels and all
	for _, model := range []string{run, filepath.Join(run, "export")} {
		args := []string{"evaluate", model, "--set", "data.path=" + other, "--other-data"}
		unwarp(t, args...).fails(t, exitUsage, "4 of 8", "--allow-trained", "y4.png")
		out := must(t, append(args, "--allow-trained")...).out
		if first, _, _ := strings.Cut(out, "\n"); !strings.Contains(first, "4 of them trained on") {
			t.Errorf("%s: the line beside the figure is %q", model, first)
		}
	}
	must(t, "evaluate", run, "--part", "train") // the user's own words
	evaluatesFewPhotos(t, run)
	refusesOtherNames(t, run)
}

// evaluatesFewPhotos: images elsewhere without a test part are measured, all of them, though they
// are fewer than the run's own set and not of all classes.
func evaluatesFewPhotos(t *testing.T, run string) {
	t.Helper()
	few := t.TempDir()
	for i := range 2 {
		pngOf(t, filepath.Join(few, "bee", fmt.Sprintf("new%d.png", i)), uint8(201+i))
	}
	for _, model := range []string{run, filepath.Join(run, "export")} {
		var e report.Evaluated
		must(t, "evaluate", model, "--data", few, "--other-data", "--json").decode(t, &e)
		if e.Images != 2 || fmt.Sprint(e.ClassNames) != "[ant bee]" || e.Confusion[0][0]+e.Confusion[0][1] != 0 {
			t.Errorf("%s: %d images of %v, confusion %v", model, e.Images, e.ClassNames, e.Confusion)
		}
	}
}

// refusesOtherNames: names of classes that are not those of the training are refused; the
// identity has them too.
func refusesOtherNames(t *testing.T, run string) {
	t.Helper()
	classes, photo := filepath.Join(run, "classes.txt"), filepath.Join(t.TempDir(), "bee.png")
	pngOf(t, photo, 105)
	edit(t, classes, func(string) string { return "ant\nwasp\n" })
	unwarp(t, "predict", run, photo).fails(t, exitUsage, `class 1 is "wasp" instead of "bee"`, "identity.json")
	edit(t, classes, func(string) string { return "ant\n" })
	unwarp(t, "train", "--resume", run).fails(t, exitUsage, `class 1 is none instead of "bee"`)
	if err := os.Remove(classes); err != nil {
		t.Fatal(err)
	}
	var p predictions
	must(t, "predict", run, photo, "--json", "--top", "2").decode(t, &p)
	if c := p.Images[0].Classes; len(c) != 2 || c[0].Name+c[1].Name != "antbee" && c[0].Name+c[1].Name != "beeant" {
		t.Errorf("classes %+v", c)
	}
	// A run of an earlier version has no names in its identity: then the file says them.
	edit(t, filepath.Join(run, "identity.json"), func(text string) string { return strings.Replace(text, "class_names", "names_of_old", 1) })
	if err := os.WriteFile(classes, []byte("ant\nwasp\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "predict", run, photo)
}
