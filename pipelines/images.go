package pipelines

import (
	"fmt"
	"image"

	"golang.org/x/image/draw"
)

// Images is a source of decoded images: of each the square in its middle, resized to sh, which is square and has 1 or
// 3 channels, as for image files. All have the label 0, of so many classes.
func Images(images []image.Image, sh Shape, classes int) (Source, error) {
	if err := CheckPhotoShape(sh); err != nil {
		return nil, err
	}
	n := sh.Len()
	m := &memorySource{name: "images", shape: sh, classes: classes, pixels: make([]uint8, len(images)*n), labels: make([]int32, len(images))}
	square := image.NewRGBA(image.Rect(0, 0, sh.W, sh.H))
	for i, src := range images {
		if b := src.Bounds(); b.Dx() < leastSide || b.Dy() < leastSide {
			return nil, fmt.Errorf("pipelines: image %d: want at least %d pixels a side, got %dx%d", i, leastSide, b.Dx(), b.Dy())
		}
		fitImage(src, upright, square, sh, m.example(i))
	}
	return m, nil
}

// fitImage takes the square in the middle of src, which is stored turned, resizes it to square, and unpacks that.
func fitImage(src image.Image, turn orientation, square *image.RGBA, sh Shape, to []uint8) {
	draw.BiLinear.Scale(square, square.Bounds(), toFastFormat(src), turn.centreSquare(src.Bounds()), draw.Src, nil)
	turn.turnUpright(square)
	unpackRGBA(square, sh.C, to)
}
