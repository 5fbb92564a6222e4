package pipelines

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// Parts of a WebP file, a RIFF container of chunks (WebP Container Specification, Google).
const (
	riffHead      = 12 // "RIFF", size, "WEBP"
	chunkHead     = 8  // name, size
	webpExtended  = 10 // bytes of the chunk VP8X, which says that there is more than one image
	webpFrame     = 16 // bytes before the image in a chunk ANMF: place, size, duration, flags
	webpAnimation = 1 << 1
	webpAlpha     = 1 << 4
)

// webpHasFrames tells whether a file is an animation.
func webpHasFrames(f io.ReadSeeker) bool {
	head := make([]byte, riffHead+chunkHead+1)
	_, err := io.ReadFull(f, head)
	return err == nil && isAnimatedWebP(head)
}

// isAnimatedWebP reads the flags of an extended WebP file.
func isAnimatedWebP(head []byte) bool {
	const flags = riffHead + chunkHead
	return len(head) > flags && bytes.Equal(head[riffHead:][:4], []byte("VP8X")) && head[flags]&webpAnimation != 0
}

// decodeWebP decodes a file, of an animation the first frame.
func decodeWebP(in io.Reader) (image.Image, error) {
	r := bufio.NewReader(in)
	start, err := r.Peek(riffHead + chunkHead + webpExtended)
	if !isAnimatedWebP(start) {
		return decodeStillWebP(r)
	}
	if err != nil {
		return nil, err
	}
	canvas := image.Rectangle{Max: webpSize(start[riffHead+chunkHead+4:])}
	if _, err := r.Discard(riffHead); err != nil {
		return nil, err
	}
	n, err := findChunk(r, "ANMF")
	if err != nil {
		return nil, fmt.Errorf("an animated WebP without frames: %w", err)
	}
	return decodeWebPFrame(r, n, canvas)
}

// findChunk reads on to the body of the next chunk of a name, and returns its number of bytes.
func findChunk(r io.Reader, name string) (int64, error) {
	var head [chunkHead]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return 0, err
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		if string(head[:4]) == name {
			return n, nil
		}
		if _, err := io.CopyN(io.Discard, r, n+n%2); err != nil {
			return 0, err
		}
	}
}

// decodeWebPFrame decodes the chunk of a frame, of n bytes, as a file of its own, and puts it where it stands on the
// canvas, whose size was checked before.
func decodeWebPFrame(r *bufio.Reader, n int64, canvas image.Rectangle) (image.Image, error) {
	var head [webpFrame]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if n -= webpFrame; n < chunkHead || n > 1<<31 {
		return nil, errors.New("an animated WebP whose first frame is empty")
	}
	at := image.Pt(2*uint24(head[0:]), 2*uint24(head[3:]))
	if frame := (image.Rectangle{Min: at, Max: at.Add(webpSize(head[6:]))}); !frame.In(canvas) {
		return nil, fmt.Errorf("an animated WebP whose first frame %v leaves its canvas %v", frame, canvas)
	}
	extended := binary.LittleEndian.AppendUint32([]byte("VP8X"), webpExtended)
	flags := byte(0)
	if kind, _ := r.Peek(4); string(kind) == "ALPH" {
		flags = webpAlpha
	}
	extended = append(append(extended, flags, 0, 0, 0), head[6:12]...) // the frame's size
	file := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(extended)+int(n)))
	file = append(append(file, "WEBP"...), extended...)
	still, err := decodeStillWebP(io.MultiReader(bytes.NewReader(file), io.LimitReader(r, n)))
	if err != nil {
		return nil, err
	}
	placed := image.NewRGBA(still.Bounds().Add(at))
	draw.Draw(placed, placed.Bounds(), still, still.Bounds().Min, draw.Src)
	return placed, nil
}

// decodeStillWebP decodes a file of one image. Lossy ones have Y in 16..235, Cb and Cr in 16..240 (ITU-R BT.601); the
// standard library takes all of 0..255 (JFIF), so the values are spread over it.
func decodeStillWebP(r io.Reader) (image.Image, error) {
	m, err := webp.Decode(r)
	if err != nil {
		return nil, err
	}
	switch m := m.(type) {
	case *image.YCbCr:
		spreadRange(m)
	case *image.NYCbCrA:
		// Alpha has the size in the file's header, colours that in their own, and the decoder compares neither.
		if w, h := m.Rect.Dx(), m.Rect.Dy(); m.AStride < w || len(m.A) < m.AStride*h {
			return nil, errors.New("a WebP whose transparency is of another size than its image")
		}
		spreadRange(&m.YCbCr)
	}
	return m, nil
}

func spreadRange(m *image.YCbCr) {
	var light, colour [256]uint8
	for v := range 256 {
		light[v] = roundByte(float64(v-16) * 255 / (235 - 16))
		colour[v] = roundByte(float64(v-128)*255/(240-16) + 128)
	}
	spread := func(plane []uint8, table *[256]uint8) {
		for i, v := range plane {
			plane[i] = table[v]
		}
	}
	spread(m.Y, &light)
	spread(m.Cb, &colour)
	spread(m.Cr, &colour)
}

// roundByte is the nearest byte.
func roundByte(x float64) uint8 { return uint8(min(255, max(0, x)) + .5) }

// webpSize reads a width and a height, each less 1.
func webpSize(b []byte) image.Point { return image.Pt(1+uint24(b), 1+uint24(b[3:])) }

// uint24 is a little-endian number of 3 bytes.
func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
