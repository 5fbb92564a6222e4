package pipelines

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // formats that image.Decode knows
	_ "image/jpeg"
	_ "image/png"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/image/draw"
)

// Limits on image files. Their sides are known before anything is decoded.
const (
	defaultSide  = 32
	leastSide    = 4       // of a file's image: the square of a narrower one shows nothing
	mostSide     = 1 << 16 // more than any camera has
	mostPixels   = 1 << 26 // 64 megapixels, 256 MB decoded
	manyPixels   = 1 << 23 // images above are decoded one at a time
	mostPerByte  = 9000    // pixels: deflate makes at most 1,032 bytes of one, of eight pixels each in black and white
	formatsKnown = "PNG, JPEG or GIF"
)

// formats are those of formatsKnown, as image.DecodeConfig calls them.
var formats = []string{"png", "jpeg", "gif"}

// oneLarge keeps several goroutines from decoding huge images at once.
var oneLarge sync.Mutex

// decodeAll decodes the files into m, each into the example of its place, on all processors, and
// calls report now and then with how many are done. Of several errors it returns that of the first file.
func decodeAll(ctx context.Context, files []imageFile, m *memorySource, report func(done int)) error {
	var next, done atomic.Int64
	var lock sync.Mutex
	var all sync.WaitGroup
	var first error
	firstAt := len(files)
	limit := func() int {
		lock.Lock()
		defer lock.Unlock()
		return firstAt
	}
	n := m.shape.Len()
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		all.Go(func() {
			square := image.NewRGBA(image.Rect(0, 0, m.shape.W, m.shape.H))
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= limit() { // files after a failed one need not be decoded
					return
				}
				if err := decodeFile(files[i], square, m.shape, m.pixels[i*n:(i+1)*n]); err != nil {
					lock.Lock()
					if i < firstAt {
						first, firstAt = err, i
					}
					lock.Unlock()
				}
				done.Add(1)
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		all.Wait()
		close(ended)
	}()
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			report(int(done.Load()))
		case <-ended:
			if first == nil {
				first = ctx.Err()
			}
			return first
		}
	}
}

// decodeFile decodes an image, takes the square in its middle and resizes that to the size of
// square, which is scratch space, by a bilinear filter as wide as the reduction asks for
// (antialiased). Of a file with several images it takes the first; transparent parts are shown
// over black; 16-bit values are rounded down to 8; CMYK becomes RGB; a JPEG file is turned as its EXIF
// orientation says.
func decodeFile(file imageFile, square *image.RGBA, sh Shape, to []uint8) error {
	f, size, err := openRegular(file.path, file.display(), file.advise("rename it"), file.advise("check the file's permissions"))
	if err != nil {
		return err
	}
	defer f.Close()
	if size == 0 {
		return fmt.Errorf("pipelines: %s: want a %s image, got an empty file: %s", file.display(), formatsKnown, file.advise("fetch the file again"))
	}
	config, format, err := image.DecodeConfig(bufio.NewReader(f))
	if err != nil {
		return undecodableError(file, err)
	}
	if !slices.Contains(formats, format) { // a program may have registered more than this package did
		return fmt.Errorf("pipelines: %s: want a %s image, got one in format %s: convert it", file.display(), formatsKnown, format)
	}
	w, h := config.Width, config.Height
	if w > mostSide || h > mostSide || w*h > mostPixels {
		return fmt.Errorf("pipelines: %s: want an image of at most %d megapixels and %d pixels a side, got %dx%d: make it smaller", file.display(), mostPixels>>20, mostSide, w, h)
	}
	if int64(w)*int64(h) > size*mostPerByte {
		return fmt.Errorf("pipelines: %s: want a whole %s image, got a file of %d bytes that says it has %dx%d pixels: %s", file.display(), formatsKnown, size, w, h, file.advise("fetch the file again"))
	}
	if w < leastSide || h < leastSide {
		return fmt.Errorf("pipelines: %s: want an image of at least %d pixels a side, got %dx%d: %s", file.display(), leastSide, w, h, file.advise("take a larger one"))
	}
	if w*h > manyPixels {
		oneLarge.Lock()
		defer oneLarge.Unlock()
	}
	turn := upright
	if format == "jpeg" {
		if turn, err = readOrientation(f); err != nil {
			return undecodableError(file, err)
		}
	}
	src, err := decodeFrom(f)
	if err != nil {
		return undecodableError(file, err)
	}
	if canvas := image.Rect(0, 0, w, h); src.Bounds() != canvas { // a GIF whose first frame leaves some of it out
		src = drawOnto(canvas, src)
	}
	draw.BiLinear.Scale(square, square.Bounds(), toFastFormat(src), turn.centreSquare(src.Bounds()), draw.Src, nil)
	turn.turnUpright(square)
	unpackRGBA(square, sh.C, to)
	return nil
}

// decodeFrom decodes a file from its start. The decoders of the standard library return errors for
// whatever bytes they get; their own tests check that.
func decodeFrom(f *os.File) (image.Image, error) {
	if _, err := f.Seek(0, 0); err != nil {
		return nil, err
	}
	src, _, err := image.Decode(bufio.NewReaderSize(f, 1<<16))
	if err == nil && src.Bounds().Empty() {
		return nil, fmt.Errorf("no pixels")
	}
	return src, err
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
	return fmt.Errorf("pipelines: %s: want a whole %s image, got %w: %s", file.display(), formatsKnown, err, file.advise("fetch the file again"))
}
