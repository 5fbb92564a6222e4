package drawing

import (
	"image/color"
	"testing"

	"unwarp/pipelines"
)

// Each image of the way is drawn at its place, in each row.
func TestDrawFramework(t *testing.T) {
	sh := pipelines.Shape{H: 8, W: 8, C: 3}
	plain := func(r, g, b float32) (x []float32) {
		for range sh.H * sh.W {
			x = append(x, r, g, b)
		}
		return x
	}
	s := Side{Name: "no. 1", Class: "a", Seen: "b", Input: plain(1, 0, 0), Canonical: plain(0, 1, 0), Reconstruction: plain(0, 0, 1),
		Field: make([]float32, 2*sh.H*sh.W), Appearance: []float32{1, 0, -2, 0, 3}, Geometry: []float32{0, 0}}
	m := DrawFramework([]Side{s, s}, sh)
	l := newFrameworkLayout(sh)
	if m.Rect.Dx() != l.right || m.Rect.Dy() != gap+2*(l.high+gap) {
		t.Errorf("want %d times two rows of %d, got %v", l.right, l.high, m.Rect)
	}
	for row := range 2 {
		y := gap + row*(l.high+gap)
		lower := y + l.image + 2*lineHeight + gap
		middle := (y + lower + l.image) / 2
		for _, c := range []struct {
			x, y int
			want color.RGBA
		}{
			{l.input + 5, middle, color.RGBA{255, 0, 0, 255}}, {l.decoded + 5, y + 5, color.RGBA{0, 255, 0, 255}}, {l.result + 5, middle, color.RGBA{0, 0, 255, 255}},
			{l.codes - 10, y + l.image/2, lineColor}, {l.codes - 10, lower + l.image/2, lineColor}, // the encoder makes both codes
			{l.codes + l.code + 4, y + l.image/2 + l.code/4, lineColor}, {l.codes + l.code + arrowWidth/2, lower + l.image, lineColor}, // the classifier reads both
			{l.codes + l.code/2, lower + l.image/2 + l.code/2 + 2*lineHeight, lineColor},
			{l.codes + l.code/2, y + l.image/2, appearanceColor}, // the third of three columns, second row: the largest unit
		} {
			if got := m.RGBAAt(c.x, c.y); got != c.want {
				t.Errorf("row %d, at %d, %d: want %v, got %v", row, c.x, c.y, c.want, got)
			}
		}
	}
}
