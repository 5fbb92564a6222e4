package attacks

import (
	"bytes"
	raster "image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// jpegCoded goes through JPEG of quality by: as colours where there are three
// channels, else each channel by itself.
func jpegCoded(p picture, x []float32, by float64, _ *rand.Rand) {
	level := func(i int) uint8 { return uint8(math.Round(255 * float64((p.pixels[i]-p.lo)/(p.hi-p.lo)))) }
	back := func(i int, v uint8) { x[i] = p.lo + (p.hi-p.lo)*float32(v)/255 }
	bounds := raster.Rect(0, 0, p.w, p.h)
	if p.c == 3 {
		m := raster.NewRGBA(bounds)
		for i := range p.h * p.w {
			m.SetRGBA(i%p.w, i/p.w, color.RGBA{level(3 * i), level(3*i + 1), level(3*i + 2), 255})
		}
		m2 := throughJPEG(m, int(by))
		for i := range p.h * p.w {
			r, g, b, _ := m2.At(i%p.w, i/p.w).RGBA()
			back(3*i, uint8(r>>8))
			back(3*i+1, uint8(g>>8))
			back(3*i+2, uint8(b>>8))
		}
		return
	}
	for k := range p.c {
		m := raster.NewGray(bounds)
		for i := range p.h * p.w {
			m.Pix[i] = level(i*p.c + k)
		}
		m2 := throughJPEG(m, int(by))
		for i := range p.h * p.w {
			back(i*p.c+k, color.GrayModel.Convert(m2.At(i%p.w, i/p.w)).(color.Gray).Y)
		}
	}
}

func throughJPEG(m raster.Image, quality int) raster.Image {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	if err == nil {
		m, err = jpeg.Decode(&b)
	}
	if err != nil {
		panic(err) // sides above 65535 alone
	}
	return m
}
