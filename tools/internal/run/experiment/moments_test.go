package experiment

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// painted is a set of images given in full.
type painted struct {
	shape  pipelines.Shape
	images [][]uint8
}

func (p painted) Name() string           { return "painted" }
func (p painted) Len() int               { return len(p.images) }
func (p painted) Shape() pipelines.Shape { return p.shape }
func (p painted) Classes() int           { return 2 }
func (p painted) At(i int, dst []uint8) (int, error) {
	copy(dst, p.images[i])
	return i % 2, nil
}

func (p painted) Label(i int) int { return i % 2 }

func TestMoments(t *testing.T) {
	// Red is 0 in one image and 51 in the other; green 10, 20, 30, 40.
	src := painted{pipelines.Shape{H: 1, W: 2, C: 2}, [][]uint8{{0, 10, 0, 20}, {51, 30, 51, 40}}}
	mean, std, err := moments(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	want := [2][2]float64{{.1, 25. / 255}, {.1, math.Sqrt(125) / 255}}
	for c := range 2 {
		if math.Abs(float64(mean[c])-want[0][c]) > 1e-7 || math.Abs(float64(std[c])-want[1][c]) > 1e-7 {
			t.Errorf("channel %d: want %g and %g, got %g and %g", c, want[0][c], want[1][c], mean[c], std[c])
		}
	}
	m := graphs.DefaultModel()
	flat := painted{src.shape, [][]uint8{{0, 7, 0, 7}, {51, 7, 51, 7}}}
	for _, by := range []graphs.Normalise{graphs.NoNormalise, graphs.ByImage, graphs.ByChannel} {
		m.Normalise = by
		if got, err := withMoments(context.Background(), m, flat); err != nil || len(got.Mean)+len(got.Std) > 0 {
			t.Errorf("%s: want no moments, got %v, %v, %v", by, got.Mean, got.Std, err)
		}
	}
	m.Normalise = graphs.BySet
	var wrong *ConfigError
	if _, err := withMoments(context.Background(), m, flat); !errors.As(err, &wrong) {
		t.Errorf("a constant channel: want a ConfigError, got %v", err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := withMoments(cancelled, m, src); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	m.Mean, m.Std = []float32{1, 2}, []float32{3, 4}
	if got, err := withMoments(cancelled, m, src); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("given moments: want them kept, got %+v, %v", got, err)
	}
}

// The moments that a training found are in its run folder, exactly, and opening
// it asks no data for them again.
func TestMomentsAreKept(t *testing.T) {
	c := small()
	c.Model.Normalise = graphs.BySet
	x, err := Train(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	m := x.Config.Model
	if len(m.Mean) != 1 || len(m.Std) != 1 || !(m.Mean[0] > 0 && m.Std[0] > 0) {
		t.Fatalf("want a mean and a deviation, got %v and %v", m.Mean, m.Std)
	}
	x.Config.Run = filepath.Join(t.TempDir(), "run")
	dir, err := NewFolder(x.Config)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadFolder(dir)
	if err != nil || !reflect.DeepEqual(back.Model, m) {
		t.Fatalf("want %+v read back, got %+v, %v", m, back.Model, err)
	}
	back.Data.Seed++ // other images, of other moments
	s, err := OpenSubject(context.Background(), mustOpen(t, dir), back)
	if err != nil {
		t.Fatal(err)
	}
	y, err := Train(context.Background(), back)
	if err != nil {
		t.Fatal(err)
	}
	defer y.Close()
	for name, got := range map[string]graphs.Disentangled{"open": s.Model.(*trained).model, "resume": y.Graph.Model} {
		if !reflect.DeepEqual(got.Config, m) || !reflect.DeepEqual(got.Normalise.Mean, m.Mean) {
			t.Errorf("%s: want the moments of the run, got %+v", name, got.Config)
		}
	}
	back.Model.Mean, back.Model.Std = nil, nil
	if _, _, err := Open(context.Background(), mustOpen(t, dir), back); err == nil || !strings.Contains(err.Error(), "model.mean and model.std") {
		t.Errorf("a run without its moments: %v", err)
	}
}
