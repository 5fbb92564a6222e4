package pipelines

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"image"
	"io"
)

// orientation is how a camera was held, by the values of the EXIF tag (CIPA DC-008, Orientation):
// where row 0 and column 0 of the stored image belong, 1 to 8.
type orientation uint16

const (
	upright   orientation = 1
	exifTag               = 0x0112
	exifEntry             = 12 // bytes of an entry of a TIFF directory
	exifShort             = 3  // its type for 16-bit numbers
	jpegMost              = 1 << 20
	exifLong              = 4 // for 32-bit numbers
	jpegExif              = 0xe1
	jpegImage             = 0xda // its data follow: no more tags

	jpegLengthOf = 2 // bytes that give the length of a segment, themselves included
)

// jpegOrientation walks the segments before the image.
func jpegOrientation(f io.ReadSeeker) orientation {
	r := bufio.NewReader(io.LimitReader(f, jpegMost))
	var start, head [2]byte
	if _, err := io.ReadFull(r, start[:]); err != nil || start != [2]byte{0xff, 0xd8} {
		return upright
	}
	for {
		marker, err := r.ReadByte()
		if err != nil || marker != 0xff {
			return upright
		}
		for marker == 0xff { // any number of these may fill
			if marker, err = r.ReadByte(); err != nil {
				return upright
			}
		}
		if _, err := io.ReadFull(r, head[:]); err != nil || marker == jpegImage {
			return upright
		}
		n := int(binary.BigEndian.Uint16(head[:])) - jpegLengthOf
		if n < 0 {
			return upright
		}
		if marker != jpegExif {
			if _, err := r.Discard(n); err != nil {
				return upright
			}
			continue
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return upright
		}
		if tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok { // XMP is another segment of this kind
			return tiffOrientation(tiff)
		}
	}
}

// tiffOrientation looks the tag up in the first directory of a TIFF header, in either byte order.
func tiffOrientation(b []byte) orientation {
	order := tiffOrder(b)
	if order == nil || len(b) < 8 {
		return upright
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return upright
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) {
		if len(entries) < exifEntry {
			return upright
		}
		e := entries[:exifEntry]
		if order.Uint16(e) == exifTag {
			return entryOrientation(order, e)
		}
		entries = entries[exifEntry:]
	}
	return upright
}

// tiffOrder is the byte order of a TIFF header; nil if it is none.
func tiffOrder(b []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")):
		return binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		return binary.BigEndian
	}
	return nil
}

// entryOrientation is the value of the tag, a number of 16 bits, or of 32 as some programs write it.
func entryOrientation(order binary.ByteOrder, e []byte) orientation {
	var value uint32
	switch order.Uint16(e[2:]) {
	case exifShort:
		value = uint32(order.Uint16(e[8:]))
	case exifLong:
		value = order.Uint32(e[8:])
	}
	if order.Uint32(e[4:]) != 1 || value < 1 || value > 8 {
		return upright
	}
	return orientation(value)
}

// An upright image shows at (x, y) what is stored at (x, y), or at (y, x) if swapped, counted from the
// far side of the stored image's width or height if that is mirrored.
func (o orientation) swapped() bool  { return o >= 5 }
func (o orientation) mirrorsX() bool { return o == 2 || o == 3 || o == 7 || o == 8 }
func (o orientation) mirrorsY() bool { return o == 3 || o == 4 || o == 6 || o == 7 }

// centreSquare is the largest square in the middle of the stored image r; of an odd remainder the smaller
// half comes first, as the upright image has it.
func (o orientation) centreSquare(r image.Rectangle) image.Rectangle {
	side := min(r.Dx(), r.Dy())
	start := func(least, n int, mirrored bool) int {
		if mirrored {
			return least + (n-side+1)/2
		}
		return least + (n-side)/2
	}
	x, y := start(r.Min.X, r.Dx(), o.mirrorsX()), start(r.Min.Y, r.Dy(), o.mirrorsY())
	return image.Rect(x, y, x+side, y+side)
}

// turnUpright turns a stored square upright.
func (o orientation) turnUpright(m *image.RGBA) {
	if o == upright {
		return
	}
	stored := bytes.Clone(m.Pix)
	n := m.Rect.Dx()
	for y := range n {
		for x := range n {
			u, v := x, y
			if o.swapped() {
				u, v = y, x
			}
			if o.mirrorsX() {
				u = n - 1 - u
			}
			if o.mirrorsY() {
				v = n - 1 - v
			}
			copy(m.Pix[m.PixOffset(x, y):][:4], stored[m.PixOffset(u, v):][:4])
		}
	}
}
