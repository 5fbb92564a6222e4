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
}
