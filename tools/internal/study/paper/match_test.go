package paper

import (
	"math"
	"testing"
)

// At which eps a curve has a value, and what another has there.
func TestMatch(t *testing.T) {
	grid := []float32{.1, .2, .4}
	for _, c := range []struct {
		values []float64
		want   float64
		eps    float64
		ok     bool
	}{
		{[]float64{10, 20, 60}, 15, .15, true}, {[]float64{10, 20, 60}, 40, .3, true}, {[]float64{10, 20, 60}, 61, 0, false},
		{[]float64{10, 20, 60}, 10, .1, true}, {[]float64{10, 20, 60}, 9, 0, false}, {[]float64{10, 30, 20}, 20, .15, true}, {nil, 5, 0, false},
	} {
		if eps, ok := firstReaching(grid, c.values, c.want); ok != c.ok || ok && math.Abs(eps-c.eps) > 1e-6 {
			t.Errorf("%v reach %g: want %g, %t, got %g, %t", c.values, c.want, c.eps, c.ok, eps, ok)
		}
	}
	if v, ok := interpolate(grid, []float64{0, 10, 30}, .3); !ok || math.Abs(v-20) > 1e-5 {
		t.Errorf("want 20, got %g, %t", v, ok)
	}
	base, other := &Run{Arm: "b", Seed: 1}, &Run{Arm: "o", Seed: 1}
	run := func(r *Run, first, second int) {
		r.Evaluations = []Evaluated{{fakeEvaluation("fgsm", 10, 10, first, second), ""}}
		r.Accuracy = map[string]Count{"test": {10, 10}}
	}
	run(base, 2, 6)
	run(other, 1, 3)
	m := Match{Grid: []float32{.1, .2}, Base: Curve{"base", "b", "fgsm"}, Paper: []float64{40, 90}, Others: []Curve{{"other", "o", "fgsm"}}, OthersPaper: []float64{8, 9}}
	lines := m.lines(Results{base, other}, All, 10)
	if f := lines[1].Ours; math.Abs(f[0].Mean-.15) > 1e-6 || f[1].N != 0 { // 20 % at .1 and 60 % at .2
		t.Errorf("want 40 %% at .15 and 90 %% nowhere, got %+v", f)
	}
	if f := lines[3].Ours; math.Abs(f[0].Mean-20) > 1e-4 || f[1].N != 0 {
		t.Errorf("want 20 %% of the other there, got %+v", f)
	}
}
