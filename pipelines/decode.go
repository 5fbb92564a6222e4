package pipelines

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"

	"unwarp/graphs/memory"
)

// Limits on image files. Their sides are known before anything is decoded.
const (
	defaultSide = 32
	leastSide   = 4       // of a file's image: the square of a narrower one shows nothing
	mostSide    = 1 << 16 // more than any camera has
	manyPixels  = 1 << 23 // images above are decoded one at a time, if there is memory
	perPixel    = 16      // bytes at most while a pixel is decoded: the coefficients of a progressive JPEG
	mostPerByte = 9000    // pixels: deflate makes at most 1,032 bytes of one, of eight pixels each in black and white
	plainPixels = 1 << 22 // an image of fewer may be one colour, which takes next to no bytes in some formats
)

// oneLarge keeps several goroutines from decoding huge images at once.
var oneLarge sync.Mutex

// decodeFile decodes an image, takes the square in its middle and resizes that to the size of
// square, which is scratch space, by a bilinear filter as wide as the reduction asks for
// (antialiased). Of a file with several images it takes the first; transparent parts are shown
// over black; 16-bit values are rounded down to 8; CMYK becomes RGB; an image is turned as its EXIF
// orientation says. note says what is odd about a file that was read all the same.
func decodeFile(file imageFile, square *image.RGBA, sh Shape, to []uint8) (note decodeNote, err error) {
	f, size, err := openRegular(file.path, file.display(), file.advise("rename it"), file.advise("check the file's permissions"))
	switch {
	case err != nil && file.isMissing():
		return "", fmt.Errorf("pipelines: %s: want an image file, but there is no file of that name: check the name", file.display())
	case err != nil:
		return "", err
	}
	defer f.Close()
	return decodeImage(file, f, size, square, sh, to)
}

// decodeImage does it for what f holds, of size bytes.
func decodeImage(file imageFile, f io.ReadSeeker, size int64, square *image.RGBA, sh Shape, to []uint8) (note decodeNote, err error) {
	format, config, err := readHeaderOf(file, f, size)
	if err != nil {
		return "", err
	}
	w, h := config.Width, config.Height
	if w*h > manyPixels {
		oneLarge.Lock()
		defer oneLarge.Unlock()
		if err := memory.Check(fmt.Sprintf("pipelines: %s: decoding %dx%d pixels", file.display(), w, h), uint64(w)*uint64(h)*perPixel, file.advise("make it smaller")); err != nil {
			return "", err
		}
	}
	turn, err := format.orientation(f)
	if err != nil {
		return "", undecodableError(file, err)
	}
	src, note, err := decodeFrom(f, size, format)
	if err != nil {
		return "", undecodableError(file, err)
	}
	if canvas := image.Rect(0, 0, w, h); src.Bounds() != canvas { // a GIF whose first frame leaves some of it out
		src = drawOnto(canvas, src)
	}
	fitImage(src, turn, square, sh, to)
	return note, nil
}

// readHeaderOf refuses what is no image, or one that cannot be meant, by what the start of the file says.
func readHeaderOf(file imageFile, f io.ReadSeeker, size int64) (imageFormat, image.Config, error) {
	if size == 0 {
		return imageFormat{}, image.Config{}, fmt.Errorf("pipelines: %s: want a %s image, got an empty file: %s", file.display(), formatsKnown, file.advise("fetch the file again"))
	}
	if end := strings.ToLower(filepath.Ext(file.path)); slices.Contains(foreignEnds, end) { // raw files begin as TIFF
		return imageFormat{}, image.Config{}, fmt.Errorf("pipelines: %s: want a %s image, got a file of another format: convert it", file.display(), formatsKnown)
	}
	format, err := recogniseFormat(file, f)
	if err != nil {
		return format, image.Config{}, err
	}
	config, err := format.config(f)
	if err != nil {
		return format, config, undecodableError(file, err)
	}
	w, h := config.Width, config.Height
	switch {
	case w > mostSide || h > mostSide:
		err = fmt.Errorf("pipelines: %s: want an image of at most %d pixels a side, got %dx%d: %s", file.display(), mostSide, w, h, file.advise("make it smaller"))
	case w*h > plainPixels && int64(w)*int64(h) > size*mostPerByte:
		err = fmt.Errorf("pipelines: %s: want a whole %s image, got a file of %d bytes that says it has %dx%d pixels: %s", file.display(), formatsKnown, size, w, h, file.advise("fetch the file again"))
	case w < leastSide || h < leastSide:
		err = fmt.Errorf("pipelines: %s: want an image of at least %d pixels a side, got %dx%d: %s", file.display(), leastSide, w, h, file.advise("take a larger one"))
	}
	return format, config, err
}

// decodeNote is what is odd about an image file that was read; "" for most.
type decodeNote string

const (
	endMissing    decodeNote = "files that lack their last bytes, though the image is whole"
	severalFrames decodeNote = "files with several frames, of which the first is taken"
)

// ofOne is the note on a file that is named beside it.
func (n decodeNote) ofOne() string {
	switch n {
	case endMissing:
		return "last bytes missing, though the image is whole"
	case severalFrames:
		return "several frames, of which the first is taken"
	}
	return string(n)
}

// decodeFrom decodes a file of size bytes from its start. The decoders return errors for whatever bytes they
// get; their own tests check that.
func decodeFrom(f io.ReadSeeker, size int64, format imageFormat) (image.Image, decodeNote, error) {
	src, err := format.decode(f)
	note := decodeNote("")
	if err != nil {
		whole, ended := format.withEnd(f, size)
		if !ended {
			return nil, "", err
		}
		src, note = whole, endMissing
	}
	if src.Bounds().Empty() {
		return nil, "", fmt.Errorf("no pixels")
	}
	if note == "" && format.hasFrames(f) {
		note = severalFrames
	}
	return src, note, nil
}

// withEnd decodes a file to which the last bytes of every file of its format are added, if its last bytes are
// what it lacks: a decoder that finds pixels missing fails all the same.
func (m imageFormat) withEnd(f io.ReadSeeker, size int64) (image.Image, bool) {
	for k := 1; k <= len(m.end); k++ {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, false
		}
		src, err := m.read(io.MultiReader(io.LimitReader(f, size), bytes.NewReader(m.end[len(m.end)-k:])))
		if err == nil {
			return src, true
		}
	}
	return nil, false
}

// toFastFormat is src in a form for which the scaler has a fast path, if the standard one would take each
// pixel by an interface.
func toFastFormat(src image.Image) image.Image {
	switch src.(type) {
	case *image.Gray, *image.NRGBA, *image.RGBA, *image.YCbCr:
		return src
	}
	return drawOnto(src.Bounds(), src)
}

// drawOnto draws src onto a canvas that is transparent elsewhere, as GIF viewers do.
func drawOnto(canvas image.Rectangle, src image.Image) image.Image {
	to := image.NewRGBA(canvas)
	draw.Draw(to, src.Bounds(), src, src.Bounds().Min, draw.Src)
	return to
}

// unpackRGBA takes the colours, which are multiplied by alpha: over black.
func unpackRGBA(square *image.RGBA, channels int, to []uint8) {
	for i := range len(square.Pix) / 4 {
		p := square.Pix[4*i : 4*i+4]
		if channels == 1 {
			to[i] = color.GrayModel.Convert(color.RGBA{p[0], p[1], p[2], 255}).(color.Gray).Y
			continue
		}
		copy(to[3*i:], p[:3])
	}
}

func undecodableError(file imageFile, err error) error {
	if errors.As(err, new(jpeg.UnsupportedError)) || errors.As(err, new(png.UnsupportedError)) || errors.As(err, new(tiff.UnsupportedError)) {
		return fmt.Errorf("pipelines: %s: want a %s image of a usual kind, got %w: convert it to PNG", file.display(), formatsKnown, err)
	}
	return fmt.Errorf("pipelines: %s: want a whole %s image, got %w: %s", file.display(), formatsKnown, err, file.advise("fetch the file again"))
}
