package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/tools/internal/report"
	"unwarp/tools/internal/study/photoset"
	"unwarp/trainer/classify"
)

// TestPhotos follows a folder of photos from training to the classes of its files, by the run and by its export alone:
// they agree with each other and with the evaluation.
func TestPhotos(t *testing.T) {
	home := t.TempDir()
	photos, run := filepath.Join(home, "photos"), filepath.Join(home, "run")
	for part, n := range map[string]int{"train": 8, "test": 5} {
		if err := os.MkdirAll(photos, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := (photoset.Set{Seed: uint64(n), PerClass: n, Least: 12, Most: 60}).Write(filepath.Join(photos, part)); err != nil {
			t.Fatal(err)
		}
	}
	bad := filepath.Join(photos, "train", "kite", "bad.png")
	if err := os.WriteFile(bad, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	train := []string{"train", "--data", photos, "--run", run, "--epochs", "3", "--batch", "8", "--rate", ".002", "--set", "model.kind=base", "--set", "model.encoder=conv4(channels=8)",
		"--set", "model.appearance=8", "--set", "model.geometry=8", "--set", "data.size=16", "--set", "attack.attacks=[]", "--set", "data.validation=0", "--json"}
	unwarp(t, train...).fails(t, exitFailed, bad, "--skip-bad")
	var s report.Summary
	r := must(t, append(train, "--skip-bad")...)
	r.decode(t, &s)
	if s.LeftOut != 1 || s.Training.Steps != 12 || s.Config.Data.Set != "folder" || !strings.Contains(r.err, "files that cannot be read and are left out: 1: "+bad) {
		t.Errorf("%d steps on %s: %s", s.Training.Steps, s.Config.Data.Set, r.err)
	}
	var e report.Evaluated
	must(t, "evaluate", run, "--json").decode(t, &e)

	var p, q predictions
	must(t, "predict", run, filepath.Join(photos, "test"), "--json").decode(t, &p)
	count := map[string]int{}
	for _, im := range p.Images {
		truth := filepath.Base(filepath.Dir(im.Path))
		if len(im.Classes) != 3 || im.Classes[0].Probability < im.Classes[1].Probability || im.Classes[1].Probability < im.Classes[2].Probability {
			t.Errorf("%s: %v", im.Path, im.Classes)
		}
		count[truth+" as "+im.Classes[0].Name]++
	}
	for i, truth := range photoset.Classes {
		for k, class := range photoset.Classes {
			if got := count[truth+" as "+class]; got != e.Confusion[i][k] {
				t.Errorf("%d images of %s are classified as %s, by evaluate %d", got, truth, class, e.Confusion[i][k])
			}
		}
	}
	export := filepath.Join(home, "elsewhere")
	if err := os.CopyFS(export, os.DirFS(filepath.Join(run, "export"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(photos, photos+".moved"); err != nil { // the data of the training are not needed
		t.Fatal(err)
	}
	must(t, "predict", export, filepath.Join(photos+".moved", "test"), "--json", "--top", "4").decode(t, &q)
	classifiedInGo(t, export, q)
	for i, im := range q.Images {
		sum := float32(0)
		for k, c := range im.Classes {
			sum += c.Probability
			if k < 3 && (c.Name != p.Images[i].Classes[k].Name || max(c.Probability-p.Images[i].Classes[k].Probability, p.Images[i].Classes[k].Probability-c.Probability) > 1e-5) {
				t.Errorf("%s: the export says %v, the run %v", im.Path, im.Classes, p.Images[i].Classes)
				break
			}
		}
		if len(im.Classes) != 4 || sum < .9999 || sum > 1.0001 {
			t.Errorf("%s: the probabilities of all classes are %v", im.Path, im.Classes)
		}
	}
}

// classifiedInGo compares what package classify and graft alone make of the JPEG files among p that no tag turns
// with p.
func classifiedInGo(t *testing.T, export string, p predictions) {
	t.Helper()
	c, err := classify.Open(export)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	model, err := tf.LoadSavedModel(export, []string{"serve"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Session.Close()
	in, out := model.Graph.Operation("image_file").Output(0), model.Graph.Operation("class_probabilities").Output(0)
	compared := 0
	for _, im := range p.Images {
		if filepath.Ext(im.Path) != ".jpg" { // .JPG is turned
			continue
		}
		raw, err := os.ReadFile(im.Path)
		if err != nil {
			t.Fatal(err)
		}
		photo, err := jpeg.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		classes, err := c.Classify(photo)
		if err != nil || fmt.Sprint(classes) != fmt.Sprint(im.Classes) {
			t.Errorf("%s: classify %v, %v, predict %v", im.Path, classes, err, im.Classes)
		}
		content, err := tf.NewTensor(string(raw))
		if err != nil {
			t.Fatal(err)
		}
		got, err := model.Session.Run(map[tf.Output]*tf.Tensor{in: content}, []tf.Output{out}, nil)
		if err != nil {
			t.Fatal(err)
		}
		served := got[0].Value().([]float32)
		for _, class := range im.Classes {
			if math.Abs(float64(served[class.Label]-class.Probability)) > .01 {
				t.Errorf("%s: serve_image %v, predict %v", im.Path, served, im.Classes)
			}
		}
		compared++
	}
	if compared == 0 {
		t.Error("no file to compare")
	}
}

// TestPredictFiles: what is printed of good and bad files.
func TestPredictFiles(t *testing.T) {
	home := t.TempDir()
	good, bad := filepath.Join(home, "good.png"), filepath.Join(home, "bad.png")
	sheet := filepath.Join(home, "sheet.png")
	must(t, "data", "--sheet", sheet, "--count", "1")
	raw, err := os.ReadFile(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string][]byte{good: raw, bad: []byte("x")} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	os.Remove(sheet)
	model := trained(t)
	if r := must(t, "predict", model, good, "--top", "1"); !strings.HasPrefix(r.out, good+"  ") || strings.Count(r.out, "\n") != 1 {
		t.Errorf("printed %q", r.out)
	}
	r := unwarp(t, "predict", model, home, filepath.Join(home, "none.png"), "--csv", "--top", "2")
	if r.code != exitFailed || !strings.Contains(r.err, "bad.png: want a whole") || !strings.Contains(r.err, "none.png: want an image file, but there is no file of that name") || !strings.Contains(r.last(), "2 of 3 files could not be read") {
		t.Errorf("code %d: %s", r.code, r.err)
	}
	rows, err := csv.NewReader(strings.NewReader(r.out)).ReadAll()
	if err != nil || len(rows) != 4 || fmt.Sprint(rows[0]) != "[file class_1 probability_1 class_2 probability_2 error]" || rows[1][0] != bad || rows[1][5] == "" || rows[2][0] != good || rows[2][5] != "" {
		t.Errorf("rows %q, %v", rows, err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"predict", model}, "want a model and image files"},
		{[]string{"predict", model, good, "--top", "0"}, "--top: want at least 1"},
		{[]string{"predict", home, good}, home},
		{[]string{"predict", model, good, "--json", "--csv"}, "json"},
	} {
		unwarp(t, c.args...).fails(t, exitUsage, c.want)
	}
	moving, cut := filepath.Join(home, "moving.gif"), filepath.Join(home, "cut.png")
	frame := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black})
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	for path, raw := range map[string][]byte{moving: b.Bytes(), cut: raw[:len(raw)-3]} {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r = must(t, "predict", model, moving, cut, good)
	for _, want := range []string{moving + ": several frames, of which the first is taken\n", cut + ": last bytes missing, though the image is whole\n"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("want %q in %s", want, r.err)
		}
	}
	empty := t.TempDir()
	unwarp(t, "predict", model, empty).fails(t, exitFailed, "got a folder without any")
}
