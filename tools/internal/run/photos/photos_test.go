package photos

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
)

// Of any number of images, the batch fits them and the steps are many, but no more than
// anybody waits for.
func TestFitNumbers(t *testing.T) {
	before := 0
	for _, n := range []int{1, 2, 5, 20, 79, 100, 300, 1000, 5000, 50_000, 1_000_000} {
		v := fitValidation(n)
		m := n - v
		batch := fitBatch(m)
		if v < 0 || v > n/4 || batch < before || batch > m || batch > 64 {
			t.Errorf("%d images: %d to validate, batches of %d", n, v, batch)
		}
		before = batch
		perEpoch := m / batch
		epochs := fitEpochs(perEpoch)
		if steps := perEpoch * epochs; n >= 100 && steps < 1000 || epochs > 100 || epochs < 15 {
			t.Errorf("%d images: %d epochs of %d steps", n, epochs, perEpoch)
		}
		if r := fitRate(batch); r < 5e-4 || r > 4e-3 {
			t.Errorf("batches of %d: rate %g", batch, r)
		}
	}
	for side, want := range map[int]int{0: 96, 10: 32, 33: 32, 47: 48, 64: 64, 81: 80, 95: 96, 96: 96, 4000: 96} {
		if got := fitSize(side, 96); got != want {
			t.Errorf("images of %d: %d, want %d", side, got, want)
		}
		if _, err := pipelines.ParseAugment(augmentation(fitSize(side, 96))); err != nil {
			t.Error(err)
		}
	}
}

// What is fitted is what the folder has; all else stays as it was.
func TestFit(t *testing.T) {
	dir := t.TempDir()
	for c := range 2 {
		for i := range 80 {
			path := filepath.Join(dir, fmt.Sprint("class", c), fmt.Sprintf("%d.png", i))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, image.NewGray(image.Rect(0, 0, 50, 70))); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
	base := config.Default()
	base.Data.Size, base.Train.Objective.Lambda = 96, 7
	asked := base
	asked.Data.Set, asked.Data.Path = "folder", dir
	none := func(string) bool { return false }
	f, err := Fit(base, asked, none)
	if err != nil {
		t.Fatal(err)
	}
	c := f.Config
	if f.Train != 112 || c.Data.Validation != 16 || c.Data.Size != 48 || c.Train.Batch != 8 || c.Data.Path != dir || c.Train.Objective.Lambda != 7 {
		t.Errorf("%d images, %+v, batch %d", f.Train, c.Data, c.Train.Batch)
	}
	if text := c.Train.Augment.String(); !strings.Contains(text, "shift(0..4)") || !strings.Contains(text, "erase(0.25)") {
		t.Errorf("augmentation %s", text)
	}
	for _, want := range []string{"48 px", "112 images", "batches of 8 for 86ep", "16 to validate", "--preset none"} {
		if text := f.Describe(c); !strings.Contains(text, want) {
			t.Errorf("want %q in %q", want, text)
		}
	}
	// What follows from a given value is fitted to it: here side, batch and what is held out.
	asked.Data.Size, asked.Train.Batch, asked.Data.Validation = 120, 32, 0
	given := func(key string) bool { return key == "data.size" || key == "train.batch" || key == "data.validation" }
	f, err = Fit(base, asked, given)
	if c := f.Config; err != nil || f.Train != 128 || c.Train.Batch != 32 || c.Train.Duration.String() != "100ep" || c.Train.Schedule.Rate != 4e-3 || !strings.Contains(c.Train.Augment.String(), "shift(0..10)") {
		t.Errorf("given a side, a batch and nothing held out: %d images, %+v, %v", f.Train, c.Train, err)
	}
	asked.Data.Path = filepath.Join(dir, "class0")
	if _, err := Fit(base, asked, none); err == nil {
		t.Error("fitted to a folder without classes")
	}
}
