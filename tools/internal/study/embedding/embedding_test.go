package embedding

import (
	"context"
	"encoding/csv"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// indexed is glyphs whose pixels are their own index.
type indexed struct{ *pipelines.Glyphs }

func (g indexed) At(i int, dst []uint8) (int, error) {
	dst[0], dst[1] = uint8(i%256), uint8(i/256)
	return g.Factors(i).Digit, nil
}

// planted is a model whose image is its own index, negative after an attack. Its
// codes are planted: the embedding is the class, the appearance code the numbers
// that the glyph was drawn with, and the geometric code noise.
type planted struct {
	train, test indexed
}

// offset of the images of the training part, to tell both parts apart.
const trainOffset = 100000

func (p planted) Read(_ context.Context, src pipelines.Source) (attacks.Images, error) {
	var s attacks.Images
	offset := float32(1)
	if strings.Contains(src.Name(), "train") {
		offset = trainOffset
	}
	pixels := make([]uint8, src.Shape().Len())
	for i := range src.Len() {
		label, err := src.At(i, pixels)
		if err != nil {
			return s, err
		}
		s.Pixels, s.Labels, s.Index = append(s.Pixels, offset+float32(int(pixels[0])+256*int(pixels[1]))), append(s.Labels, int32(label)), append(s.Index, i)
	}
	return s, nil
}

func (p planted) Encode(_ context.Context, images []float32) (trainer.Codes, []int32, error) {
	c := trainer.Codes{N: len(images)}
	var predicted []int32
	for _, v := range images {
		g, i := p.test, int(math.Abs(float64(v)))-1
		if v >= trainOffset {
			g, i = p.train, int(v)-trainOffset
		}
		f := g.Factors(i)
		class := f.Digit
		if v < 0 {
			class = (class + 1) % 10 // the attack succeeded
		}
		oneHot := make([]float32, 10)
		oneHot[class] = 1
		r := rand.New(rand.NewPCG(uint64(math.Float32bits(v)), 7))
		c.Embedding = append(c.Embedding, oneHot...)
		c.Appearance = append(c.Appearance, float32(f.Weight*30), float32(f.Ink), float32(1-f.Background), float32(f.Texture),
			float32(f.StretchX), float32(f.StretchY), float32(f.Shear), float32(f.Rotation/20), float32(f.ShiftX), float32(f.ShiftY), float32(f.Displacement))
		for range 3 {
			c.Geometry = append(c.Geometry, float32(r.NormFloat64()))
		}
		predicted = append(predicted, int32(class))
	}
	return c, predicted, nil
}

func (planted) Synthesise(context.Context, []float32, []float32) (trainer.Decoded, error) {
	panic("an embedding decodes nothing")
}

func newPlanted(t *testing.T) planted {
	t.Helper()
	var p planted
	for _, part := range []struct {
		name string
		to   *indexed
		n    int
	}{{"train", &p.train, 600}, {"test", &p.test, 200}} {
		g, err := pipelines.NewGlyphs(5, part.name, part.n, 8)
		if err != nil {
			t.Fatal(err)
		}
		*part.to = indexed{g}
	}
	return p
}

// attackSome finds an example, the negative image, for each image whose index in
// the sample is even; of those with index 1, 5, 9 … it keeps the last try.
func attackSome(_ context.Context, set attacks.Images) (*attacks.Evaluation, error) {
	s := attacks.AttackResult{Results: make([]attacks.ImageResult, set.Len())}
	for i := range set.Len() {
		image := []float32{-set.Pixels[i]}
		if i%2 == 0 {
			s.Results[i].Image = image
		} else if i%4 == 1 {
			s.Results[i].Last = []float32{set.Pixels[i]}
		}
	}
	return &attacks.Evaluation{Images: set.Len(), Attacks: []attacks.AttackResult{s}}, nil
}

// What is planted is found: R² is 1 of factors in a code and 0 of those that are
// not, and accuracies are those that the attack leaves by construction.
func TestPlantedCodes(t *testing.T) {
	p := newPlanted(t)
	in := Input{Model: p, Codes: Codes(true), Train: p.train, Test: p.test, Attack: attackSome}
	r, err := Run(t.Context(), in, Request{Methods: []string{PCA}, Count: 100})
	if err != nil {
		t.Fatal(err)
	}
	if r.Images != 100 || r.Fitted != 600 || r.Found != 50 || r.Before != 1 || r.After != .5 {
		t.Errorf("got %d images, %d fitted, %d found, accuracies %g and %g", r.Images, r.Fitted, r.Found, r.Before, r.After)
	}
	embedding, appearance, geometry := r.Codes[0], r.Codes[1], r.Codes[2]
	if embedding.Before != (Accuracies{1, 1, 1}) || *embedding.After != (Accuracies{.5, .5, .5}) || embedding.Size != 10 {
		t.Errorf("embedding: got %+v, %+v", embedding.Before, *embedding.After)
	}
	for _, f := range appearance.Factors.Factors {
		if f.Values == 0 && *f.R2 < .999 {
			t.Errorf("appearance: R² of %s: want 1, got %g", f.Name, *f.R2)
		}
	}
	for _, f := range geometry.Factors.Factors {
		if f.R2 != nil && math.Abs(*f.R2) > .15 {
			t.Errorf("noise: R² of %s: want 0, got %g", f.Name, *f.R2)
		}
	}
	// Ten of twelve units and numbers are the same, so each has a unit of its own.
	if a, g := appearance.Scores, geometry.Scores; a.DCI.Disentanglement < .8 || a.DCI.Informativeness < .99 || a.FactorVAE < .8 || a.SAP < .5 || a.MIG < .3 || g.DCI.Informativeness > .1 || g.SAP > .1 || g.MIG > .1 {
		t.Errorf("scores: got %+v and of noise %+v", a, g)
	}
	if geometry.Before.Linear > .3 || geometry.KL != nil {
		t.Errorf("noise: got %+v", geometry)
	}
}

// The table and the maps have a point for each image, and one for each that the
// attack changed or tried last.
func TestTable(t *testing.T) {
	p := newPlanted(t)
	calls := map[string]int{}
	in := Input{Model: p, Codes: Codes(false), Train: p.train, Test: p.test, Attack: attackSome,
		Progress: func(code string, done int) { calls[code] = done }}
	r, err := Run(t.Context(), in, Request{Methods: []string{TSNE, PCA}, Count: 20, Fit: 50, Perplexity: 4, Iterations: 30, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Codes) != 1 || r.Codes[0].KL == nil || calls["embedding"] != 30 {
		t.Errorf("got %+v, progress %v", r.Codes, calls)
	}
	for _, l := range r.Layouts {
		if len(l.Maps) != 1 || len(l.Maps[0].Before) != 20 || len(l.Maps[0].After) != 15 {
			t.Fatalf("%s: got %d maps, %d and %d points", l.Method, len(l.Maps), len(l.Maps[0].Before), len(l.Maps[0].After))
		}
	}
	// An image whose last try is unchanged is mapped to the same point.
	m := r.Layouts[1].Maps[0]
	for k, i := range []int{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18} {
		before, after := m.Before[i], m.After[k]
		if same := math.Hypot(before.X-after.X, before.Y-after.Y) < 1e-9; i%4 == 1 && !same || before.Class != after.Class {
			t.Errorf("image %d: %+v before, %+v after", i, before, after)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(string(r.Table))).ReadAll()
	if err != nil || len(rows) != 1+2*(20+15) {
		t.Fatalf("table: %d rows, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		i, _ := strconv.Atoi(row[0])
		if want := strconv.Itoa(p.test.Factors(i).Digit); row[1] != want {
			t.Errorf("row %v: want an image of class %s", row, want)
		}
	}
	// One image of each ten is taken. Images 0, 2, 4 … of the sample and 1, 5, 9 … are
	// after the attack.
	places := map[string][]int{}
	for _, row := range rows[1:] {
		if row[3] == TSNE {
			i, _ := strconv.Atoi(row[0])
			places[row[4]] = append(places[row[4]], i/10)
		}
	}
	for when, want := range map[string][]int{
		"before": {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19},
		"after":  {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18},
	} {
		if !slices.Equal(places[when], want) {
			t.Errorf("%s the attack: want images of the tens %v, got %v", when, want, places[when])
		}
	}
}

// Of several examples of an image the smallest is taken.
func TestSmallestExample(t *testing.T) {
	ev := &attacks.Evaluation{Attacks: []attacks.AttackResult{
		{Results: []attacks.ImageResult{{Image: []float32{1}, ThreatDistance: .3}, {}}},
		{Results: []attacks.ImageResult{{Image: []float32{2}, ThreatDistance: .1}, {}}},
		{Results: []attacks.ImageResult{{Image: []float32{3}, ThreatDistance: .2}, {}}},
	}}
	if got := smallestExample(ev, 0); len(got) != 1 || got[0] != 2 {
		t.Errorf("want the example at .1, got %v", got)
	}
	if got := smallestExample(ev, 1); got != nil {
		t.Errorf("want none, got %v", got)
	}
}
