package experiment

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

func small() config.Config {
	c := config.Default()
	c.Data.Train, c.Data.Validation, c.Data.Test = 40, 10, 20
	c.Model.Kind, c.Model.Appearance, c.Model.Geometry = "base", 4, 4
	return c
}

func TestNewFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	c := small()
	var got []string
	for range 3 {
		dir, err := NewFolder(c)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, dir)
		if back, err := ReadFolder(dir); err != nil || back.Run != dir || back.Model.Appearance != 4 {
			t.Errorf("%s: read back %v, %+v", dir, err, back)
		}
	}
	if s := strings.Join(got, " "); s != "runs/glyphs-base-seed1 runs/glyphs-base-seed1.2 runs/glyphs-base-seed1.3" {
		t.Errorf("got %s", s)
	}
	c.Run = got[0]
	if _, err := NewFolder(c); !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), "--resume "+got[0]) {
		t.Errorf("taken: got %v", err)
	}
	if err := os.WriteFile("file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c.Run = "file/x"
	if _, err := NewFolder(c); err == nil || !strings.Contains(err.Error(), "file/x") {
		t.Errorf("below a file: got %v", err)
	}
	if _, err := ReadFolder("none"); err == nil || !strings.Contains(err.Error(), "run folder none: want a folder made by unwarp train: no such file") {
		t.Errorf("no folder: got %v", err)
	}
}

// identified is an experiment of c of which only the identity is known.
func identified(t *testing.T, c config.Config) *Experiment {
	t.Helper()
	data, err := pipelines.Open(t.Context(), c.Data)
	if err != nil {
		t.Fatal(err)
	}
	x := &Experiment{Subject: Subject{Config: c, Data: data}, Graph: &trainer.TrainGraph{}, Net: &graphs.Net{Precision: c.Precision}}
	if err := x.identify(t.Context()); err != nil {
		t.Fatal(err)
	}
	return x
}

// TestIdentity: what changes the training changes the identity, and nothing
// else does.
func TestIdentity(t *testing.T) {
	identity := func(change func(c *config.Config)) string {
		t.Helper()
		c := small()
		change(&c)
		x := identified(t, c)
		id, err := x.runIdentity()
		if err != nil {
			t.Fatal(err)
		}
		hash, err := id.hash()
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	plain := identity(func(*config.Config) {})
	for name, change := range map[string]func(c *config.Config){
		"seed":      func(c *config.Config) { c.Seed++ },
		"data":      func(c *config.Config) { c.Data.Seed++ },
		"number":    func(c *config.Config) { c.Data.Train-- },
		"model":     func(c *config.Config) { c.Model.Dropout = .25 },
		"batch":     func(c *config.Config) { c.Train.Batch++ },
		"augment":   func(c *config.Config) { c.Train.Augment, _ = pipelines.ParseAugment("flip") },
		"precision": func(c *config.Config) { c.Precision = graphs.Bfloat16 },
	} {
		if identity(change) == plain {
			t.Errorf("another %s is not noticed", name)
		}
	}
	for name, change := range map[string]func(c *config.Config){
		"run":      func(c *config.Config) { c.Run = "x" },
		"workers":  func(c *config.Config) { c.Train.Workers = 1 },
		"attack":   func(c *config.Config) { c.Attack.Eps = ".2" },
		"export":   func(c *config.Config) { c.Export.InferenceOnly = true },
		"memory":   func(c *config.Config) { c.Data.Memory = 4096 },
		"spelling": func(c *config.Config) { c.Model.Encoder, c.Model.Head = "hinton", "linear" },
	} {
		if identity(change) != plain {
			t.Errorf("another %s counts as another training", name)
		}
	}
}

func TestFingerprint(t *testing.T) {
	of := func(seed uint64, n int) string {
		t.Helper()
		g, err := pipelines.NewGlyphs(seed, "train", n, 28)
		if err != nil {
			t.Fatal(err)
		}
		print, err := Fingerprint(g)
		if err != nil {
			t.Fatal(err)
		}
		return print
	}
	for _, n := range []int{7, 64, 500} {
		first, again, other := of(1, n), of(1, n), of(2, n)
		if first != again || first == other {
			t.Errorf("%d images: a fingerprint must be of them, and of nothing else", n)
		}
	}
}

// brighter is a set of which every image differs in one pixel.
type brighter struct{ pipelines.Source }

func (b brighter) At(i int, dst []uint8) (int, error) {
	label, err := b.Source.At(i, dst)
	dst[0]++
	return label, err
}

func TestFingerprintOfPixels(t *testing.T) {
	g, err := pipelines.NewGlyphs(1, "train", 100, 28)
	if err != nil {
		t.Fatal(err)
	}
	one, err := Fingerprint(g)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := Fingerprint(brighter{g}); err != nil || other == one {
		t.Errorf("other pixels are not noticed: %v", err)
	}
}

func TestOpenData(t *testing.T) {
	var wrong *ConfigError
	d := small().Data
	d.Size = 3
	if _, err := OpenData(context.Background(), d); !errors.As(err, &wrong) {
		t.Errorf("want a ConfigError, got %v", err)
	}
	d = pipelines.Data{Set: "mnist", Path: t.TempDir()}
	if _, err := OpenData(context.Background(), d); err == nil || errors.As(err, &wrong) {
		t.Errorf("files are missing, which no configuration mends: got %v", err)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	d = small().Data
	d.Train = 20000
	if _, err := OpenData(done, d); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestImages(t *testing.T) {
	c := brief()
	c.Attack.Images = 7
	src, err := OpenSource(trainRun(t, c), trainer.Last)
	if err != nil {
		t.Fatal(err)
	}
	x, _, err := Open(t.Context(), src, src.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	set, err := x.AttackedImages(context.Background())
	if err != nil || set.Len() != 7 || len(set.Pixels) != 7*28*28 || set.Index[6] != 6 {
		t.Fatalf("want the first 7 images, got %v and %d", err, set.Len())
	}
	if all, err := x.Images(context.Background(), x.Data.Test, 0); err != nil || all.Len() != 20 {
		t.Errorf("want all 20, got %v and %d", err, all.Len())
	}
	// Images of another size than the model's.
	d := c.Data
	d.Size = 20
	other, err := pipelines.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Images(context.Background(), other.Test, 3); err == nil || !strings.Contains(err.Error(), "20x20x1") || !strings.Contains(err.Error(), "28x28x1") {
		t.Errorf("another size: got %v", err)
	}
}
