package pipelines

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"path/filepath"
	"testing"
)

// exif is a TIFF header with the given entries (tag, type, count, value) in its first directory.
func exif(order binary.AppendByteOrder, entries ...[4]uint16) []byte {
	b := []byte("MM\x00*")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("II*\x00")
	}
	b = order.AppendUint32(b, 10) // two bytes beyond the header, as cameras may have it
	b = append(b, 0, 0)
	b = order.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = order.AppendUint16(order.AppendUint16(b, e[0]), e[1])
		b = order.AppendUint16(order.AppendUint32(b, uint32(e[2])), e[3])
		b = append(b, 0, 0)
	}
	return order.AppendUint32(b, 0)
}

// segment is a JPEG segment.
func segment(marker byte, body []byte) []byte {
	b := []byte{0xff, 0xff, marker} // one more 0xff fills
	return append(binary.BigEndian.AppendUint16(b, uint16(len(body)+2)), body...)
}

// tagged puts segments behind the start of a JPEG file.
func tagged(file []byte, segments ...[]byte) []byte {
	all := append([]byte{}, file[:2]...)
	for _, s := range segments {
		all = append(all, s...)
	}
	return append(all, file[2:]...)
}

func exifSegment(tiff []byte) []byte { return segment(0xe1, append([]byte("Exif\x00\x00"), tiff...)) }

// shownUpright are the places of an upright image of a stored one w by h, from the words of the
// standard: where row 0 and column 0 of the stored image are to be seen. Value 6, say, "the 0th row is
// the visual right-hand side of the image, and the 0th column is the visual top".
func shownUpright(value, w, h, x, y int) (column, row int) {
	switch value {
	case 1: // row 0 at the top, column 0 on the left
		return x, y
	case 2: // top, right
		return w - 1 - x, y
	case 3: // bottom, right
		return w - 1 - x, h - 1 - y
	case 4: // bottom, left
		return x, h - 1 - y
	case 5: // left, top
		return y, x
	case 6: // right, top
		return h - 1 - y, x
	case 7: // right, bottom
		return h - 1 - y, w - 1 - x
	default: // left, bottom
		return y, w - 1 - x
	}
}

// A photograph with a tag is what the upright photograph is, for all values of the tag, both byte
// orders, and sides of which an odd number of pixels is cut off.
func TestOrientation(t *testing.T) {
	for _, side := range [][2]int{{31, 20}, {20, 31}, {24, 24}} {
		w, h := side[0], side[1]
		// No two of the eight look alike, and JPEG loses little of it.
		m := drawing(w, h, func(x, y int) color.NRGBA {
			return color.NRGBA{uint8(20 + 200*x/w), uint8(20 + 200*y/h), uint8(60 + 40*x/w + 90*y/h), 255}
		})
		var file bytes.Buffer
		if err := jpeg.Encode(&file, m, &jpeg.Options{Quality: 100}); err != nil {
			t.Fatal(err)
		}
		stored, err := jpeg.Decode(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		for value := 1; value <= 8; value++ {
			upright := image.NewRGBA(image.Rect(0, 0, w, h))
			if value >= 5 {
				upright = image.NewRGBA(image.Rect(0, 0, h, w))
			}
			for y := range h {
				for x := range w {
					column, row := shownUpright(value, w, h, x, y)
					upright.Set(column, row, stored.At(x, y))
				}
			}
			for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
				tag := exifSegment(exif(order, [4]uint16{0x0100, 3, 1, 8}, [4]uint16{0x0112, 3, 1, uint16(value)}))
				xmp := segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00<x/>"))
				raw := tagged(file.Bytes(), segment(0xe0, []byte("JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")), xmp, tag)
				path := filepath.Join(tree(t, map[string][]byte{"f": raw}), "f")
				const size = 10
				got := make([]uint8, 3*size*size)
				if _, err := decodeFile(imageFile{path: path}, image.NewRGBA(image.Rect(0, 0, size, size)), Shape{size, size, 3}, got); err != nil {
					t.Fatal(err)
				}
				for channel := range 3 {
					for i, want := range tent(upright, size, channel) {
						if d := math.Abs(float64(got[3*i+channel]) - want); d > 3 {
							t.Fatalf("%dx%d, orientation %d, %v: channel %d of pixel %d is %d, want %.1f", w, h, value, order, channel, i, got[3*i+channel], want)
						}
					}
				}
			}
		}
	}
}

// What is malformed, or no orientation, leaves the image as it is stored.
func TestOrientationMalformed(t *testing.T) {
	good := exif(binary.BigEndian, [4]uint16{0x0112, 3, 1, 6})
	file := []byte{0xff, 0xd8, 0xff, 0xda, 0, 2}
	change := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	if got := orientationOf(tagged(file, exifSegment(good))); got != 6 {
		t.Fatalf("got %d, want 6", got)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "no JPEG": []byte("hello"), "no segments": file[:2], "no tag": file, "after the image": append(bytes.Clone(file), exifSegment(good)...),
		"short segment": tagged(file, []byte{0xff, 0xe1, 0, 1}), "cut off": tagged(file, exifSegment(good))[:20], "no marker": tagged(file, []byte{1}),
		"no TIFF": tagged(file, exifSegment([]byte("XX\x00*\x00\x00\x00\x08"))), "TIFF of 4 bytes": tagged(file, exifSegment(good[:4])),
		"far directory": tagged(file, exifSegment(change(4, 0xff))), "directory at the end": tagged(file, exifSegment(change(7, byte(len(good))))),
		"many entries": tagged(file, exifSegment(exif(binary.BigEndian)[:12])), "long": tagged(file, exifSegment(change(15, 4))),
		"two": tagged(file, exifSegment(change(19, 2))), "0": tagged(file, exifSegment(change(21, 0))), "9": tagged(file, exifSegment(change(21, 9))),
		"another tag": tagged(file, exifSegment(change(13, 0x13))), "entries that are not there": tagged(file, exifSegment(exif(binary.BigEndian, [4]uint16{0x0113, 3, 1, 6})[:20])),
	} {
		if got := orientationOf(b); got != upright {
			t.Errorf("%s: orientation %d, want 1", name, got)
		}
	}
}

func orientationOf(b []byte) orientation { return jpegOrientation(bytes.NewReader(b)) }

func FuzzOrientation(f *testing.F) {
	f.Add([]byte{0xff, 0xd8})
	for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
		f.Add(tagged([]byte{0xff, 0xd8}, exifSegment(exif(order, [4]uint16{0x0112, 3, 1, 8}))))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if o := orientationOf(b); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
	})
}
