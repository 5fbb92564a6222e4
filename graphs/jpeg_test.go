package graphs_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// picture is a smooth picture with edges: [1,h,w,c] of k/255.
func picture(h, w, c int) Array {
	x := make([]float32, h*w*c)
	for i := range x {
		row, col, ch := i/c/w, i/c%w, i%c
		v := .5 + .35*math.Sin(float64(row)/5+float64(ch))*math.Cos(float64(col)/4)
		if (row-h/2)*(row-h/2)+(col-w/3)*(col-w/3) < h*w/16 {
			v = .1 + .3*float64(ch)
		}
		x[i] = float32(math.Round(255*v) / 255)
	}
	return Of(x, 1, int64(h), int64(w), int64(c))
}

// goJPEG is what Go's encoder and decoder make of a picture.
func goJPEG(t *testing.T, x Array, quality int) []float32 {
	t.Helper()
	h, w, c := int(x.Shape[1]), int(x.Shape[2]), int(x.Shape[3])
	at := func(i, ch int) uint8 { return uint8(math.Round(255 * float64(x.Data[i*c+ch]))) }
	var m image.Image
	if c == 1 {
		g := image.NewGray(image.Rect(0, 0, w, h))
		for i := range g.Pix {
			g.Pix[i] = at(i, 0)
		}
		m = g
	} else {
		g := image.NewRGBA(image.Rect(0, 0, w, h))
		for i := range h * w {
			g.SetRGBA(i%w, i/w, color.RGBA{at(i, 0), at(i, 1), at(i, 2), 255})
		}
		m = g
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	var out []float32
	for i := range h * w {
		r, g, bl, _ := m.At(i%w, i/w).RGBA()
		for _, v := range []uint32{r, g, bl}[:c] {
			out = append(out, float32(v>>8)/255)
		}
	}
	return out
}

// As Go's encoder and decoder, but for the rounding inside them: that changes
// pixels by about one of 255, and where a coefficient lies halfway between two
// multiples, those of a block by a few; of a colour, whose blocks are 16 pixels
// wide, in many pixels. Compression itself changes them by far more.
func TestJPEG(t *testing.T) {
	for _, c := range []struct{ h, w, channels, quality int }{{16, 16, 1, 75}, {28, 28, 1, 75}, {28, 28, 1, 20}, {13, 21, 1, 90}, {32, 32, 3, 75}, {30, 27, 3, 40}} {
		x := picture(c.h, c.w, c.channels)
		got := Run(t, transformed(graphs.JPEG{Quality: c.quality, Chroma: "420"}), []Array{x})[0].Data
		want := goJPEG(t, x, c.quality)
		sum, far, moved := 0., 0, 0.
		for i := range got {
			d := 255 * math.Abs(float64(got[i]-want[i]))
			sum += d / float64(len(got))
			moved += 255 * math.Abs(float64(got[i]-x.Data[i])) / float64(len(got))
			if d > 3 {
				far++
			}
		}
		least, share := .8, .1
		if c.channels == 3 {
			least, share = 3, .3
		}
		if sum > least || float64(far) > share*float64(len(got)) {
			t.Errorf("%+v: want Go's pixels, got a mean difference of %.2f of 255, and %d of %d above 3", c, sum, far, len(got))
		}
		if moved < 2*sum {
			t.Errorf("%+v: compression changes pixels by %.2f on average, no more than Go's decoder differs", c, moved)
		}
	}
	x := picture(16, 16, 3)
	got := Run(t, transformed(graphs.JPEG{Quality: 100, Chroma: "444"}), []Array{x})[0].Data
	for i := range got {
		if d := 255 * math.Abs(float64(got[i]-x.Data[i])); d > 3 {
			t.Fatalf("quality 100: pixel %d differs by %.1f of 255", i, d)
		}
	}
}
