package pipelines

import (
	"context"
	"fmt"
	"testing"
)

// norb is the work on smallNORB's images that the speed target is about: 15 µs per image and core.
const norb = norbPlain + "|deform(stretch=2..8,shift=2..8)"

// norbPlain is what a base CNN is trained on: without the deformed view.
const norbPlain = "crop(48)|resize(32)|brightness(63/255)|contrast(.2,1.8)"

// BenchmarkAugment is one image through one text on one core.
func BenchmarkAugment(b *testing.B) {
	for _, c := range []struct {
		name string
		in   Shape
		text string
	}{
		{"norb-mono", Shape{96, 96, 1}, norb},
		{"norb-stereo", Shape{96, 96, 2}, norb},
		{"norb-stereo-plain", Shape{96, 96, 2}, norbPlain},
		{"crop-resize", Shape{96, 96, 1}, "crop(48)|resize(32)"},
		{"mnist-shift", Shape{28, 28, 1}, "shift(2)"},
		{"mnist-plain", Shape{28, 28, 1}, ""},
		{"facescrub", Shape{32, 32, 3}, "shift(2)|flip"},
		{"cifar", Shape{32, 32, 3}, "shift(4)|flip"},
		{"mnist-erase", Shape{28, 28, 1}, "shift(2)|erase(.5)"},
		{"photos", Shape{96, 96, 3}, "flip|stretch(-8..8)|shift(8)|brightness(.2)|contrast(.8,1.25)|erase(.25)"},
	} {
		b.Run(c.name, func(b *testing.B) {
			a, err := ParseAugment(c.text)
			if err != nil {
				b.Fatal(err)
			}
			src := noise("bench", 64, c.in, 10)
			m, err := newAugmenter(a, c.in)
			if err != nil {
				b.Fatal(err)
			}
			out, _ := a.OutputShape(c.in)
			raw := make([]uint8, c.in.Len())
			image, view := make([]float32, out.Len()), make([]float32, out.Len())
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := src.At(i%64, raw); err != nil {
					b.Fatal(err)
				}
				m.apply(Seed(1).Split("augment", 0, i), raw, image, view)
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "µs/image")
		})
	}
}

// BenchmarkStream is the whole stream in batches of 128, on all cores and on one.
func BenchmarkStream(b *testing.B) {
	for _, c := range []struct {
		name string
		in   Shape
		text string
	}{
		{"norb-mono", Shape{96, 96, 1}, norb}, {"norb-stereo-plain", Shape{96, 96, 2}, norbPlain},
		{"cifar", Shape{32, 32, 3}, "shift(4)|flip"}, {"mnist-plain", Shape{28, 28, 1}, ""}, {"mnist-mixup", Shape{28, 28, 1}, "shift(2)|erase(.5)|mixup(.2)"},
	} {
		for _, workers := range []int{1, 0} {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				a, err := ParseAugment(c.text)
				if err != nil {
					b.Fatal(err)
				}
				o := Options{Batch: 128, Seed: 1, Shuffle: true, Augment: a, Workers: workers}
				b.ReportAllocs()
				n := 0
				for _, err := range Stream(context.Background(), noise("bench", 4096, c.in, 10), o) {
					if err != nil {
						b.Fatal(err)
					}
					if n++; n == 8 { // buffers are made, workers run
						b.ResetTimer()
					}
					if n == 8+b.N {
						break
					}
				}
				b.ReportMetric(float64(128*b.N)/b.Elapsed().Seconds(), "images/s")
			})
		}
	}
}

// BenchmarkGlyphs is the drawing of one glyph on one core.
func BenchmarkGlyphs(b *testing.B) {
	g, err := NewGlyphs(1, "train", 1, 28)
	if err != nil {
		b.Fatal(err)
	}
	p := newGlyphRenderer(28)
	raw := make([]uint8, 28*28)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		g.draw(p, i, raw)
		i++
	}
}
