package pipelines

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

const formatsKnown = "PNG, JPEG, GIF, BMP, TIFF or WebP"

// Files are recognised by the ends of their names, in lower case, and then by their first bytes. Other files, such
// as notes, are skipped.
var (
	imageEnds   = []string{".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".webp"}
	foreignEnds = []string{".heic", ".heif", ".avif", ".jxl", ".psd", ".raw", ".cr2", ".nef", ".arw", ".dng"}
)

// imageFormat is a format of image files.
type imageFormat struct {
	name  string
	start []string // the first bytes, ? for any
	end   []byte   // the bytes that every file ends in, without which the decoder complains
	read  func(io.Reader) (image.Image, error)
	size  func(io.Reader) (image.Config, error)
	exif  func(io.ReadSeeker) orientation // nil: no image of the format is turned
	// frames tells whether a file has further images after the first; nil: none of the format has.
	frames func(io.ReadSeeker) bool
}

var imageFormats = []imageFormat{
	{"png", []string{"\x89PNG\r\n\x1a\n"}, []byte("\x00\x00\x00\x00IEND\xaeB`\x82"), png.Decode, png.DecodeConfig, pngOrientation, pngHasFrames},
	{"jpeg", []string{"\xff\xd8"}, []byte("\xff\xd9"), jpeg.Decode, jpeg.DecodeConfig, jpegOrientation, nil},
	{"gif", []string{"GIF87a", "GIF89a"}, nil, gif.Decode, gif.DecodeConfig, nil, gifHasFrames},
	{"bmp", []string{"BM????\x00\x00\x00\x00"}, nil, bmp.Decode, bmp.DecodeConfig, nil, nil},
	{"tiff", []string{"II*\x00", "MM\x00*"}, nil, tiff.Decode, tiff.DecodeConfig, tiffFileOrientation, tiffHasFrames},
	{"webp", []string{"RIFF????WEBPVP8"}, nil, decodeWebP, webp.DecodeConfig, webpOrientation, webpHasFrames},
}

// recogniseFormat is the format of what f holds.
func recogniseFormat(file imageFile, f io.ReadSeeker) (imageFormat, error) {
	head := make([]byte, 32)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return imageFormat{}, undecodableError(file, err)
	}
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return imageFormat{}, undecodableError(file, err)
	}
	head = head[:n]
	for _, m := range imageFormats {
		for _, start := range m.start {
			if matchesStart(head, start) {
				return m, nil
			}
		}
	}
	if name := foreignFormat(head); name != "" {
		return imageFormat{}, fmt.Errorf("pipelines: %s: want a %s image, got one in format %s: convert it", file.display(), formatsKnown, name)
	}
	return imageFormat{}, undecodableError(file, image.ErrFormat)
}

func matchesStart(head []byte, start string) bool {
	if len(head) < len(start) {
		return false
	}
	for i := range len(start) {
		if start[i] != '?' && start[i] != head[i] {
			return false
		}
	}
	return true
}

// foreignFormat names some formats that are not read.
func foreignFormat(head []byte) string {
	if len(head) >= 12 && string(head[4:8]) == "ftyp" {
		switch string(head[8:12]) {
		case "heic", "heix", "mif1", "msf1", "hevc":
			return "HEIC"
		case "avif", "avis":
			return "AVIF"
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("8BPS")):
		return "Photoshop"
	case bytes.HasPrefix(head, []byte("%PDF")):
		return "PDF"
	case bytes.HasPrefix(head, []byte("\xff\x0a")), bytes.HasPrefix(head, []byte("\x00\x00\x00\x0cJXL ")):
		return "JPEG XL"
	}
	return ""
}

func (m imageFormat) config(f io.ReadSeeker) (image.Config, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return image.Config{}, err
	}
	return m.size(bufio.NewReader(f))
}

func (m imageFormat) decode(f io.ReadSeeker) (image.Image, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return m.read(bufio.NewReaderSize(f, 1<<16))
}

// orientation looks for an EXIF tag. A malformed one counts as upright. An error is one of seeking.
func (m imageFormat) orientation(f io.ReadSeeker) (orientation, error) {
	if m.exif == nil {
		return upright, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return upright, err
	}
	return m.exif(f), nil
}

// webpOrientation looks for the chunk EXIF.
func webpOrientation(f io.ReadSeeker) orientation {
	r := bufio.NewReader(f)
	if _, err := io.CopyN(io.Discard, r, riffHead); err != nil {
		return upright
	}
	n, err := findChunk(r, "EXIF")
	if err != nil {
		return upright
	}
	body, err := io.ReadAll(io.LimitReader(r, n))
	if err != nil {
		return upright
	}
	return tiffOrientation(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
}

// pngOrientation looks for the chunk eXIf (PNG specification, third edition, 11.3.4.4).
func pngOrientation(f io.ReadSeeker) orientation {
	r := bufio.NewReader(f)
	if _, err := io.CopyN(io.Discard, r, 8); err != nil {
		return upright
	}
	var head [8]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return upright
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		if string(head[4:]) != "eXIf" {
			if _, err := io.CopyN(io.Discard, r, n+4); err != nil {
				return upright
			}
			continue
		}
		body, err := io.ReadAll(io.LimitReader(r, n))
		if err != nil {
			return upright
		}
		return tiffOrientation(body)
	}
}

// tiffDirectory reads the header of a TIFF file and its byte order, and leaves f at the first
// directory (TIFF 6.0, section 2); false where there is none.
func tiffDirectory(f io.ReadSeeker) (head [8]byte, order binary.ByteOrder, ok bool) {
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return head, nil, false
	}
	if order = tiffOrder(head[:]); order == nil {
		return head, nil, false
	}
	_, err := f.Seek(int64(order.Uint32(head[4:])), io.SeekStart)
	return head, order, err == nil
}

// tiffFileOrientation reads the tag of a TIFF file, whose first directory may be anywhere in it.
func tiffFileOrientation(f io.ReadSeeker) orientation {
	const most = 2 + exifEntry*(1<<16) // bytes of a directory
	head, order, ok := tiffDirectory(f)
	if !ok {
		return upright
	}
	directory, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return upright
	}
	order.PutUint32(head[4:], uint32(len(head)))
	return tiffOrientation(append(head[:], directory...))
}
