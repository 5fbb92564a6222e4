package report

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/pipelines"
)

func TestRecordRoundTrip(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	want := fake("x", 30, []float32{.1, .3}, true, fakeAttacks, 1)
	im := drawn(&want, 4)
	if err := Save(run, want, im); err != nil {
		t.Fatal(err)
	}
	got, pictures, err := Load(run)
	if err != nil {
		t.Fatal(err)
	}
	want.Format = RecordFormat
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		t.Errorf("want %.300s…, got %.300s…", a, b)
	}
	if !reflect.DeepEqual(Summarise(&got), Summarise(&want)) {
		t.Error("the figures differ")
	}
	if !reflect.DeepEqual(pictures, im) {
		t.Errorf("pictures: want %d and %d, got %d and %d", len(im.Clean), len(im.Adversarial), len(pictures.Clean), len(pictures.Adversarial))
	}
	// The pictures of an older evaluation do not stay.
	want.Set = "facescrub"
	if err := Save(run, want, im); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(run, AttackDir, imagesFile)); err == nil {
		t.Error("pictures of faces were kept")
	}
	if _, pictures, err := Load(run); err != nil || len(pictures.Clean) > 0 {
		t.Errorf("faces: got %d pictures, %v", len(pictures.Clean), err)
	}
}

// TestNoNumbers saves what JSON has no words for.
func TestNoNumbers(t *testing.T) {
	run := t.TempDir()
	r := four()
	a := &r.Evaluation.Attacks[1].Results[0]
	a.LossCurve = []float32{1, 2, float32(math.Inf(1)), 3}
	a.Distance = attacks.Distance(math.NaN())
	if err := Save(run, r, Images{}); err != nil {
		t.Fatal(err)
	}
	got, _, err := Load(run)
	if err != nil {
		t.Fatal(err)
	}
	if b := got.Evaluation.Attacks[1].Results[0]; !reflect.DeepEqual(b.LossCurve, []float32{1, 2}) || b.Distance != inf {
		t.Errorf("want the trace up to its last number, and no distance, got %+v", b)
	}
	if !math.IsNaN(float64(a.Distance)) || len(a.LossCurve) != 4 {
		t.Error("saving changed the evaluation")
	}
}

func TestKept(t *testing.T) {
	sh := pipelines.Shape{H: 1, W: 2, C: 1}
	n := PictureColumns + 5
	set := attacks.Images{Pixels: make([]float32, n*2), Labels: make([]int32, n), Index: make([]int, n)}
	ev := attacks.Evaluation{Attacks: []attacks.AttackResult{{Results: make([]attacks.ImageResult, n)}}}
	for i := range n {
		ev.Attacks[0].Results[i].Image = []float32{float32(i), 0}
	}
	im := KeepImages(set, &ev, sh)
	if len(im.Clean) != PictureColumns || len(im.Adversarial[0]) != PictureColumns || im.Adversarial[0][3][0] != 3 {
		t.Errorf("want the first %d, got %d and %d", PictureColumns, len(im.Clean), len(im.Adversarial[0]))
	}
	if im = KeepImages(attacks.Images{}, &attacks.Evaluation{}, sh); len(im.Clean) != 0 {
		t.Error("pictures of nothing")
	}
}

func TestLoadRefuses(t *testing.T) {
	good := func(t *testing.T) string {
		run := filepath.Join(t.TempDir(), "run")
		r := fake("x", 5, []float32{.1, .3}, true, fakeAttacks[:2], 1)
		if err := Save(run, r, drawn(&r, 2)); err != nil {
			t.Fatal(err)
		}
		return run
	}
	edit := func(old, new string) func(*testing.T, string) {
		return func(t *testing.T, run string) {
			path := filepath.Join(run, AttackDir, recordFile)
			raw, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(raw), old) {
				t.Fatalf("no %q to change in the record: %v", old, err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(raw), old, new, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	images := func(raw []byte) func(*testing.T, string) {
		return func(t *testing.T, run string) {
			if err := os.WriteFile(filepath.Join(run, AttackDir, imagesFile), raw, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	encoded := func(im Images) []byte {
		raw, err := im.encode()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	sh := pipelines.Shape{H: 28, W: 28, C: 1}
	px := make([]float32, sh.Len())
	for name, row := range map[string]struct {
		spoil func(*testing.T, string)
		names []string
	}{
		"no folder":      {func(t *testing.T, run string) { os.RemoveAll(run) }, []string{"want a run folder"}},
		"a file":         {func(t *testing.T, run string) { os.RemoveAll(run); os.WriteFile(run, nil, 0o644) }, []string{"got a file"}},
		"no evaluation":  {func(t *testing.T, run string) { os.RemoveAll(filepath.Join(run, AttackDir)) }, []string{recordFile, "there is no evaluation", "unwarp attack"}},
		"no JSON":        {edit("{", "["), []string{recordFile, "want an evaluation", "unwarp attack"}},
		"another format": {edit(`"unwarp_evaluation":1`, `"unwarp_evaluation":9`), []string{"format 1, got 9"}},
		"fewer labels":   {edit(`"labels":[`, `"labels":[7,`), []string{"for each of 5 images, got 6"}},
		"wrong count":    {edit(`"clean_correct":`, `"clean_right":1`), []string{"right without attack"}},
		"many images":    {edit(`"images":5`, `"images":50000000`), []string{"evaluation.images: want 0 to 16777216, got 50000000"}},
		"negative":       {edit(`"images":5`, `"images":-5`), []string{"evaluation.images", "got -5"}},
		"attempts":       {edit(`"results":[`, `"results":[{"done":true},`), []string{"attempt for each of 5 images, got 6"}},
		"marks":          {edit(`"tried":"`, `"tried":"0000`), []string{"mark for each of 2 radii"}},
		"no zip":         {images([]byte("PK")), []string{imagesFile, "remove the file"}},
		"other sizes":    {images(encoded(Images{Shape: pipelines.Shape{H: 3, W: 3, C: 1}, Clean: [][]float32{px[:9]}})), []string{imagesFile, "28 28 1"}},
		"more images":    {images(encoded(Images{Shape: sh, Clean: [][]float32{px, px, px, px, px, px}})), []string{imagesFile}},
		"other series":   {images(encoded(Images{Shape: sh, Clean: [][]float32{px}, Adversarial: [][][]float32{{px}, {px}, {px}}})), []string{imagesFile, "places of 2 attacks"}},
	} {
		t.Run(name, func(t *testing.T) {
			run := good(t)
			if _, _, err := Load(run); err != nil {
				t.Fatal(err)
			}
			row.spoil(t, run)
			_, _, err := Load(run)
			if err == nil {
				t.Fatal("want an error")
			}
			for _, want := range append(row.names, run) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("want %q in %q", want, err)
				}
			}
		})
	}
}

func TestSaveRefuses(t *testing.T) {
	r := four()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Save(file, r, Images{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file in place of the folder: got %v", err)
	}
	run := t.TempDir()
	if err := os.MkdirAll(filepath.Join(run, AttackDir, recordFile), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Save(run, r, Images{}); err == nil || !strings.Contains(err.Error(), recordFile) {
		t.Errorf("a folder in place of the file: got %v", err)
	}
}
