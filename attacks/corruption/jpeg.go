package corruption

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// compressJPEG encodes p as a JPEG of the given quality, 1 to 100, and decodes it:
// as one colour image if there are three channels, else channel by channel.
func compressJPEG(p picture, x []float32, quality float64, _ *rand.Rand) {
	toByte := func(i int) uint8 { return uint8(math.Round(255 * float64((p.pixels[i]-p.lo)/(p.hi-p.lo)))) }
	fromByte := func(i int, v uint8) { x[i] = p.lo + (p.hi-p.lo)*float32(v)/255 }
	bounds := image.Rect(0, 0, p.w, p.h)
	if p.c == 3 {
		m := image.NewRGBA(bounds)
		for i := range p.h * p.w {
			m.SetRGBA(i%p.w, i/p.w, color.RGBA{toByte(3 * i), toByte(3*i + 1), toByte(3*i + 2), 255})
		}
		decoded := encodeAndDecodeJPEG(m, int(quality))
		for i := range p.h * p.w {
			r, g, b, _ := decoded.At(i%p.w, i/p.w).RGBA()
			fromByte(3*i, uint8(r>>8))
			fromByte(3*i+1, uint8(g>>8))
			fromByte(3*i+2, uint8(b>>8))
		}
		return
	}
	for k := range p.c {
		m := image.NewGray(bounds)
		for i := range p.h * p.w {
			m.Pix[i] = toByte(i*p.c + k)
		}
		decoded := encodeAndDecodeJPEG(m, int(quality))
		for i := range p.h * p.w {
			fromByte(i*p.c+k, color.GrayModel.Convert(decoded.At(i%p.w, i/p.w)).(color.Gray).Y)
		}
	}
}

// encodeAndDecodeJPEG panics where a side is longer than the 65535 pixels that
// the format allows; no other image fails.
func encodeAndDecodeJPEG(m image.Image, quality int) image.Image {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	if err == nil {
		m, err = jpeg.Decode(&b)
	}
	if err != nil {
		panic(err)
	}
	return m
}
