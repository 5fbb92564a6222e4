package pipelines

import (
	"bufio"
	"encoding/binary"
	"io"
)

// hasFrames tells whether a file holds more than one image.
func (m imageFormat) hasFrames(f io.ReadSeeker) bool {
	if m.frames == nil {
		return false
	}
	_, err := f.Seek(0, io.SeekStart)
	return err == nil && m.frames(f)
}

// pngHasFrames looks for the chunk acTL of an animated PNG, before the image, and its number of frames (PNG
// specification, third edition, 11.3.6.1).
func pngHasFrames(f io.ReadSeeker) bool {
	r := bufio.NewReader(f)
	if _, err := r.Discard(8); err != nil {
		return false
	}
	var head [12]byte
	for {
		if _, err := io.ReadFull(r, head[:8]); err != nil {
			return false
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		switch string(head[4:8]) {
		case "acTL":
			_, err := io.ReadFull(r, head[8:])
			return err == nil && binary.BigEndian.Uint32(head[8:]) > 1
		case "IDAT":
			return false
		}
		if _, err := io.CopyN(io.Discard, r, n+4); err != nil {
			return false
		}
	}
}

// tiffHasFrames tells whether a second directory follows the first (TIFF 6.0, section 2).
func tiffHasFrames(f io.ReadSeeker) bool {
	b, order, ok := tiffDirectory(f)
	if !ok {
		return false
	}
	if _, err := io.ReadFull(f, b[:2]); err != nil {
		return false
	}
	if _, err := f.Seek(int64(order.Uint16(b[:]))*exifEntry, io.SeekCurrent); err != nil {
		return false
	}
	_, err := io.ReadFull(f, b[:4])
	return err == nil && order.Uint32(b[:]) != 0
}

// gifHasFrames tells whether a GIF file holds more than one image (GIF89a specification, appendix A).
func gifHasFrames(f io.ReadSeeker) bool {
	r := bufio.NewReader(f)
	var screen [13]byte
	if _, err := io.ReadFull(r, screen[:]); err != nil || !skipColours(r, screen[10]) {
		return false
	}
	for images := 0; ; {
		kind, err := r.ReadByte()
		if err != nil {
			return false
		}
		switch kind {
		case '!': // an extension: its label, then blocks
			if _, err := r.Discard(1); err != nil {
				return false
			}
		case ',':
			var place [9]byte
			if _, err := io.ReadFull(r, place[:]); err != nil || !skipColours(r, place[8]) {
				return false
			}
			if images++; images == 2 {
				return true
			}
			if _, err := r.Discard(1); err != nil { // the size of codes
				return false
			}
		default:
			return false
		}
		if !skipBlocks(r) {
			return false
		}
	}
}

// skipColours skips the table of colours that flags may say follows.
func skipColours(r *bufio.Reader, flags byte) bool {
	if flags&0x80 == 0 {
		return true
	}
	_, err := r.Discard(3 << (flags&7 + 1))
	return err == nil
}

// skipBlocks skips blocks up to the empty one that ends them.
func skipBlocks(r *bufio.Reader) bool {
	for {
		n, err := r.ReadByte()
		if err != nil {
			return false
		}
		if n == 0 {
			return true
		}
		if _, err := r.Discard(int(n)); err != nil {
			return false
		}
	}
}
