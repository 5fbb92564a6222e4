package graphs_test

import (
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

func transformed(t graphs.Transform) Func {
	return Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return t.Apply(s.In("t"), x) })
}

// What numpy 1.26 makes of ten values in float32: x[:, None] <= arange(1, 5) / 4,
// and round(7 x) / 7.
func TestDiscretising(t *testing.T) {
	x := Of([]float32{0, .03, .2, .25, .2500001, .4, .5, .74, .99, 1}, 1, 5, 1, 2)
	want := []float32{
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1,
		0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1,
	}
	got := Run(t, transformed(graphs.Thermometer{Levels: 4}), []Array{x})[0]
	if !slices.Equal(got.Shape, []int64{1, 5, 1, 8}) {
		t.Errorf("want four channels for each, got %v", got.Shape)
	}
	Equal(t, "thermometer", got.Data, want)
	bits := []float32{0, 0, .1428571492433548, .2857142984867096, .2857142984867096, .4285714328289032, .5714285969734192, .7142857313156128, 1, 1}
	Near(t, "3 bits", Run(t, transformed(graphs.BitDepth{Depth: 3}), []Array{x})[0].Data, float64s(bits), 1e-7)
	Equal(t, "1 bit", Run(t, transformed(graphs.BitDepth{Depth: 1}), []Array{x})[0].Data, []float32{0, 0, 0, 0, 0, 0, 0, 1, 1, 1})
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func TestTransformKey(t *testing.T) {
	m := graphs.DefaultModel()
	for text, want := range map[string]string{
		"": "", "none": "", "jpeg": "", "bits(depth=2)": "", "thermometer(levels=8)": "", "tv(weight=.1,drop=.2,steps=10)": "",
		"jpg": "model.transform: want one of", "bits(depth=0)": "depth", "jpeg(quality=101)": "quality", "tv(drop=1)": "drop",
	} {
		m.Transform = text
		if _, err := m.Build(10); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
	for text, want := range map[string]bool{"": false, "jpeg": false, "tv": true, "tv(drop=0)": false} {
		if m.Transform = text; m.DrawsAtRandom() != want {
			t.Errorf("%q: want random %t", text, want)
		}
	}
	m.Transform, m.Normalise = "thermometer", graphs.ByImage
	if _, err := m.Build(10); err == nil || !strings.Contains(err.Error(), "model.normalise=none") {
		t.Errorf("want the normalisation refused, got %v", err)
	}
	plain, other := graphs.DefaultModel(), graphs.DefaultModel()
	other.Transform = "none"
	if plain.Identity() != other.Identity() {
		t.Error("none is another model than nothing")
	}
	if other.Transform = "jpeg"; plain.Identity() == other.Identity() {
		t.Error("a transform is the same model as none")
	}
}
