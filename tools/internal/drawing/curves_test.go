package drawing

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"testing"
)

// Curves of one point, of equal values and of values that are no numbers are drawn,
// each in its colour.
func TestCurves(t *testing.T) {
	for name, y := range map[string][]float64{"one": {3}, "equal": {.5, .5, .5}, "some": {1, math.NaN(), 2}, "zero": {0, 0}, "large": {1e9, 2e9}, "tiny": {1e-12, 3e-12}} {
		x := make([]float64, len(y))
		for i := range x {
			x[i] = float64(10 * i)
		}
		c := Curves{X: "step", Panels: []CurvePanel{
			{Title: "Loss", Curves: []Curve{{Name: "a", X: x, Y: y}, {Name: "b", X: x, Y: y, Points: true}}},
			{Title: "Share", Share: true, Curves: []Curve{{X: []float64{0}, Y: []float64{.25}}}},
		}}
		raw, err := c.PNG()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		found := map[color.Color]int{}
		for v := range m.Bounds().Dy() {
			for u := range m.Bounds().Dx() {
				found[color.RGBAModel.Convert(m.At(u, v))]++
			}
		}
		for i := range 2 { // a is the first of the second panel too
			if found[curveColors[i]] < 10 {
				t.Errorf("%s: want curve %d in its colour, got %d pixels", name, i, found[curveColors[i]])
			}
		}
	}
}

func TestRoundTicks(t *testing.T) {
	for _, row := range []struct {
		r         roundTicks
		low, high float64
		want      string
	}{
		{roundTicks{most: 6}, 0, 15, "0 5 10 15"},
		{roundTicks{most: 6, percent: true}, 0, 1, "0 % 20 % 40 % 60 % 80 % 100 %"},
		{roundTicks{most: 6, percent: true}, .9, 1, "90 % 92 % 94 % 96 % 98 % 100 %"},
		{roundTicks{most: 8, whole: true}, 49, 51, "49 50 51"},
		{roundTicks{most: 8, whole: true}, 2, 3000, "500 1000 1500 2000 2500 3000"},
		{roundTicks{most: 6}, -.1, .1, "-0.1 -0.05 0 0.05 0.1"},
		{roundTicks{most: 6}, 0, .001, "0 0.0002 0.0004 0.0006 0.0008 0.001"},
	} {
		text := ""
		for i, tick := range row.r.Ticks(row.low, row.high) {
			if i > 0 {
				text += " "
			}
			text += tick.Label
		}
		if text != row.want {
			t.Errorf("%g to %g: want %s, got %s", row.low, row.high, row.want, text)
		}
	}
	if got := fmt.Sprint(roundTicks{most: 6}.step(0.05)); got != "0.01" {
		t.Errorf("got %s", got)
	}
}
