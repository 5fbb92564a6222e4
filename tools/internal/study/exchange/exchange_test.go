package exchange

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/tools/internal/drawing"
	"unwarp/tools/internal/study"
	"unwarp/trainer"
)

// part is a set of images of 1x2 pixels, both of which are the class.
type part struct{ labels []int }

func newPart(labels ...int) part { return part{labels} }

func (p part) Name() string           { return "part" }
func (p part) Len() int               { return len(p.labels) }
func (p part) Shape() pipelines.Shape { return pipelines.Shape{H: 1, W: 2, C: 1} }
func (p part) Classes() int           { return 10 }
func (p part) Label(i int) int        { return p.labels[i] }
func (p part) At(i int, dst []uint8) (int, error) {
	dst[0], dst[1] = uint8(p.labels[i]), uint8(p.labels[i])
	return p.labels[i], nil
}

// model has the first pixel as appearance code and the second as geometric code,
// and predicts for an image what predict says of its two pixels.
type model struct {
	predict func(appearance, geometry float32) int32
	pairs   [][2]float32 // that were decoded
}

func (m *model) Read(_ context.Context, src pipelines.Source) (attacks.Images, error) {
	var s attacks.Images
	pixels := make([]uint8, src.Shape().Len())
	for i := range src.Len() {
		label, err := src.At(i, pixels)
		if err != nil {
			return s, err
		}
		s.Pixels = append(s.Pixels, float32(pixels[0]), float32(pixels[1]))
		s.Labels, s.Index = append(s.Labels, int32(label)), append(s.Index, i)
	}
	return s, nil
}

func (m *model) Encode(_ context.Context, images []float32) (trainer.Codes, []int32, error) {
	c := trainer.Codes{N: len(images) / 2}
	var predicted []int32
	for i := range c.N {
		a, g := images[2*i], images[2*i+1]
		c.Appearance, c.Geometry = append(c.Appearance, a), append(c.Geometry, g)
		predicted = append(predicted, m.predict(a, g))
	}
	return c, predicted, nil
}

// Synthesise draws an image of both codes; its canonical image has no geometry,
// and its field is the geometric code to the right.
func (m *model) Synthesise(_ context.Context, appearance, geometry []float32) (trainer.Decoded, error) {
	var d trainer.Decoded
	for i, a := range appearance {
		m.pairs = append(m.pairs, [2]float32{a, geometry[i]})
		d.Reconstruction = append(d.Reconstruction, a, geometry[i])
		d.Canonical = append(d.Canonical, a, -1)
		d.Field = append(d.Field, geometry[i], 0, 0, 0)
	}
	return d, nil
}

func byAppearance(a, _ float32) int32 { return int32(a) }
func byGeometry(_, g float32) int32   { return int32(g) }

// The counts of models whose class is decided by a known code: all or nothing.
func TestCountsOfPlantedCodes(t *testing.T) {
	const n = 700 // more than two batches
	src := newPart(0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5)
	for name, row := range map[string]struct {
		predict                                           func(a, g float32) int32
		appearance, geometry, neither, rebuilt, canonical int
	}{
		"appearance": {byAppearance, n, 0, 0, n, n},
		"geometry":   {byGeometry, 0, n, 0, n, 0}, // canonical images have none
		"neither":    {func(_, _ float32) int32 { return 9 }, 0, 0, n, 0, 0},
	} {
		r, err := New(&model{predict: row.predict}, src).Run(t.Context(), Request{Pairs: 1, Count: n, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		c := r.Counts
		got := [6]int{c.Pairs, c.Appearance.Count, c.Geometry.Count, c.Neither.Count, c.Rebuilt.Count, c.Canonical.Count}
		if want := [6]int{n, row.appearance, row.geometry, row.neither, row.rebuilt, row.canonical}; got != want || c.Neither.Of != n {
			t.Errorf("%s: want %v, got %v", name, want, got)
		}
	}
}

// A model that lets the larger code decide: the counts are those of the codes
// that it was given.
func TestCountsOfMixedCodes(t *testing.T) {
	m := &model{predict: func(a, g float32) int32 { return int32(max(a, g)) }}
	e := New(m, newPart(0, 1, 2, 3, 4, 5))
	var all tally
	if err := e.countBatch(t.Context(), []Indices{{0, 1}, {3, 2}, {5, 4}, {2, 4}}, &all); err != nil {
		t.Fatal(err)
	}
	if want := (tally{pairs: 4, appearance: 2, geometry: 2, rebuilt: 4, canonical: 4}); all != want {
		t.Errorf("want %+v, got %+v", want, all)
	}
	if want := "[[0 1] [3 2] [5 4] [2 4] [0 0] [3 3] [5 5] [2 2]]"; fmt.Sprint(m.pairs) != want {
		t.Errorf("decoded: want %s, got %v", want, m.pairs)
	}
	var wrong *study.RequestError
	_, err := New(m, newPart(3, 3, 3)).Run(t.Context(), Request{Pairs: 1, Count: 5})
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "only class 3") {
		t.Errorf("one class: want a wrong request, got %v", err)
	}
}

func TestTally(t *testing.T) {
	var c tally
	for _, row := range [][5]string{ // appearance, geometry; predicted for the exchange, reconstruction, canonical image
		{"1", "2", "1", "1", "1"}, {"1", "2", "2", "1", "2"}, {"1", "2", "2", "2", "1"}, {"3", "1", "1", "3", "3"}, {"3", "1", "2", "1", "3"},
	} {
		c.add(row[0], row[1], row[2], row[3], row[4])
	}
	e := c.counts()
	got := [6]int{e.Pairs, e.Appearance.Count, e.Geometry.Count, e.Neither.Count, e.Rebuilt.Count, e.Canonical.Count}
	if want := [6]int{5, 1, 3, 1, 3, 4}; got != want || e.Geometry.Share != .6 || e.Geometry.Of != 5 || !(e.Geometry.Low < .6 && .6 < e.Geometry.High) {
		t.Errorf("want %v, got %v, %+v", want, got, e.Geometry)
	}
}

// Each side of a pair has its own appearance and the other's geometry.
func TestExchangePairs(t *testing.T) {
	e := New(&model{predict: byGeometry}, newPart(4, 7, 1, 2))
	r, err := e.Run(t.Context(), Request{Chosen: []Indices{{0, 1}, {3, 2}}})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range [][2]drawing.Side{
		{{Name: "no. 0", Class: "4", Swapped: []float32{4, 7}, SeenSwapped: "7"}, {Name: "no. 1", Class: "7", Swapped: []float32{7, 4}, SeenSwapped: "4"}},
		{{Name: "no. 3", Class: "2", Swapped: []float32{2, 1}, SeenSwapped: "1"}, {Name: "no. 2", Class: "1", Swapped: []float32{1, 2}, SeenSwapped: "2"}},
	} {
		for m, w := range want {
			got := r.Drawn[k][m]
			if got.Name != w.Name || got.Class != w.Class || fmt.Sprint(got.Swapped) != fmt.Sprint(w.Swapped) || got.SeenSwapped != w.SeenSwapped || got.SeenReconstruction != w.Class || got.SeenCanonical != "-1" {
				t.Errorf("pair %d, side %d: want %+v, got %+v", k, m, w, got)
			}
		}
	}
	p := r.Pairs[0]
	if p.Index != [2]int{0, 1} || p.Whose != [2]string{"geometry donor's", "geometry donor's"} || p.Length != [2]string{"4.00", "7.00"} {
		t.Errorf("got %+v", p)
	}
	if r.Counts != nil || r.Interpolations != nil {
		t.Errorf("neither counts nor interpolations were asked for, got %+v", r)
	}
	if _, err := e.Run(t.Context(), Request{Chosen: []Indices{{0, 4}}}); err == nil || !strings.Contains(err.Error(), "0..3 of the part, got 4") {
		t.Errorf("an index that does not exist: got %v", err)
	}
}

// Interpolations change the codes that they say, linearly and to both ends.
func TestInterpolate(t *testing.T) {
	const steps = 5
	r, err := New(&model{predict: byAppearance}, newPart(2, 8)).Run(t.Context(), Request{Chosen: []Indices{{0, 1}}, Steps: steps})
	if err != nil || len(r.Interpolations) != 1 || len(r.Interpolations[0].Paths) != 3 {
		t.Fatalf("got %+v, %v", r, err)
	}
	for i, p := range r.Interpolations[0].Paths {
		for s, image := range p.Images {
			moved := 2 + 6*float64(s)/(steps-1)
			want := [3][2]float64{{moved, 2}, {2, moved}, {moved, moved}}[i]
			if math.Abs(float64(image[0])-want[0]) > 1e-6 || math.Abs(float64(image[1])-want[1]) > 1e-6 {
				t.Errorf("%s, step %d: want %v, got %v", p.Title, s, want, image)
			}
		}
		if len(p.Images) != steps || p.Seen[0] != "2" {
			t.Errorf("%s: %d images, %v", p.Title, len(p.Images), p.Seen)
		}
	}
}
