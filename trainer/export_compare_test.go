package trainer

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"unwarp/graphs"
)

// TestExportCompares lets the exported graph differ from the live one, with
// the same weights: nothing may be exported, and what was there stays.
func TestExportCompares(t *testing.T) {
	p, net := trainedExport(t, "disentangled", 0)
	parent := t.TempDir()
	dir := filepath.Join(parent, "x")
	mustExport(t, p, net, dir, DefaultExport())
	before, err := os.ReadFile(filepath.Join(dir, "variables", "variables.data-00000-of-00001"))
	if err != nil {
		t.Fatal(err)
	}
	exportStep(t, p, net, 12, .02)
	for output, change := range map[string]func(m *graphs.Disentangled){
		"reconstruction": func(m *graphs.Disentangled) { m.Border = graphs.Clamp },
		"field":          func(m *graphs.Disentangled) { m.Reach *= 1.01 },
		"logits":         func(m *graphs.Disentangled) { m.Encoder = normed{scale: 1.001} },
	} {
		q := *p
		change(&q.Model)
		_, err := q.WriteSavedModel(net, dir, DefaultExport(), nil)
		wantRefusal(t, err, "export "+dir, output+": want a difference of at most", "nothing was exported")
		if got := names(t, parent); got != "x" {
			t.Errorf("%s: litter: %s", output, got)
		}
	}
	after, err := os.ReadFile(filepath.Join(dir, "variables", "variables.data-00000-of-00001"))
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("the earlier export has changed (%v)", err)
	}
	loadExport(t, dir)
}

// TestExportOfRandomModel: a model that draws at random in inference is exported; what
// differs by much more than its draws is not.
func TestExportOfRandomModel(t *testing.T) {
	m := exportModel("base")
	m.Transform = &graphs.TotalVariation{Weight: .03, Drop: .5, Steps: 5}
	p, net := declared(t, 3, DefaultConfig(), m, exportShape)
	for step := range 12 {
		exportStep(t, p, net, step, .02)
	}
	dir := filepath.Join(t.TempDir(), "x")
	mustExport(t, p, net, dir, DefaultExport())
	q := *p
	q.Model.Encoder = normed{scale: 100}
	_, err := q.WriteSavedModel(net, dir, DefaultExport(), nil)
	wantRefusal(t, err, "logits: want a difference of at most", "nothing was exported")
}

func TestExportOfDivergedWeights(t *testing.T) {
	p, net := trainedExport(t, "base", 0)
	exportStep(t, p, net, 12, float32(math.NaN()))
	parent := t.TempDir()
	_, err := p.WriteSavedModel(net, filepath.Join(parent, "x"), DefaultExport(), nil)
	wantRefusal(t, err, "logits are not finite", "checkpoint")
	if got := names(t, parent); got != "" {
		t.Errorf("litter: %s", got)
	}
}

func TestExportApart(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		want, got []float32
		d, scale  float64
	}{
		{[]float32{1, -4}, []float32{1.5, -4}, .5, 4},
		{[]float32{1, 2}, []float32{1, nan}, math.NaN(), 2},
		{[]float32{nan, 2}, []float32{1, 2}, math.NaN(), math.NaN()},
		{[]float32{inf}, []float32{inf}, math.NaN(), math.Inf(1)},
		{[]float32{1, 2}, []float32{1}, math.Inf(1), 2},
		{nil, nil, math.Inf(1), 0},
	} {
		d, scale := largestDifference(c.want, c.got)
		same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
		if !same(d, c.d) || !same(scale, c.scale) {
			t.Errorf("apart(%v, %v): want %g of %g, got %g of %g", c.want, c.got, c.d, c.scale, d, scale)
		}
	}
}

// TestExportDamaged damages a copy of an export in every file: loading it back
// is an error of one line, as it would be before publishing.
func TestExportDamaged(t *testing.T) {
	p, net := trainedExport(t, "base", 0)
	good := filepath.Join(t.TempDir(), "x")
	mustExport(t, p, net, good, DefaultExport())
	x, err := p.newExported(net, DefaultExport())
	if err != nil {
		t.Fatal(err)
	}
	defer x.net.Close()
	pr, err := p.newComparison(DefaultExport(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.compareExport(net, good, x, pr); err != nil {
		t.Fatal(err)
	}
	const data = "variables/variables.data-00000-of-00001"
	for _, c := range []struct {
		name, file string
		damage     func(raw []byte) []byte
	}{
		{"half a graph", "saved_model.pb", func(raw []byte) []byte { return raw[:len(raw)/2] }},
		{"index cut short", "variables/variables.index", func(raw []byte) []byte { return raw[:len(raw)-60] }},
		{"a flipped bit", data, func(raw []byte) []byte { raw[len(raw)/2] ^= 64; return raw }},
		{"weights cut short", data, func(raw []byte) []byte { return raw[:8] }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(filepath.Join(dir, c.file))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, c.file), c.damage(raw), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = p.compareExport(net, dir, x, pr)
			wantRefusal(t, err, "do not load back")
		})
	}
}
