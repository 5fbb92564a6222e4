package pipelines

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

// redWebP is a WebP file of 8x8 red pixels.
const redWebP = "UklGRh4AAABXRUJQVlA4TBEAAAAvB8ABAAcQ/Y/+ByKi/wEA"

func bmpOf(m image.Image) []byte {
	var b bytes.Buffer
	if err := bmp.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func jpegOf(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Files are read by what they hold, whatever they are called.
func TestFormats(t *testing.T) {
	m := drawing(8, 8, func(int, int) color.NRGBA { return color.NRGBA{255, 0, 0, 255} })
	webp, err := base64.StdEncoding.DecodeString(redWebP)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"png": pngOf(m), "jpeg": jpegOf(m), "bmp": bmpOf(m), "tiff": tiffOf(m), "webp": webp} {
		path := filepath.Join(tree(t, map[string][]byte{"f.png": raw}), "f.png")
		got := make([]uint8, 3*16)
		if _, err := decodeFile(imageFile{path: path}, image.NewRGBA(image.Rect(0, 0, 4, 4)), Shape{4, 4, 3}, got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got[0] < 250 || got[1] > 5 || got[2] > 5 {
			t.Errorf("%s: the first pixel is %v, want red", name, got[:3])
		}
	}
}

// chunk is a PNG chunk without its checksum, which readers of the tag do not look at.
func pngChunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	return append(append(append(b, kind...), body...), 0, 0, 0, 0)
}

// riff is a WebP file of chunks.
func riff(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func riffChunk(kind string, body []byte) []byte {
	b := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body))), body...)
	return append(b, make([]byte, len(body)%2)...)
}

// The tag is found in all formats that have one, as 16 or as 32 bits.
func TestOrientationOfFormats(t *testing.T) {
	tag := exif(binary.BigEndian, [4]uint16{0x0112, 3, 1, 6})
	long := exif(binary.LittleEndian, [4]uint16{0x0112, 4, 1, 6})
	far := append(binary.LittleEndian.AppendUint32([]byte("II*\x00"), 40), make([]byte, 32)...) // the directory after the pixels
	far = append(far, long[10:]...)
	for name, c := range map[string]struct {
		got  orientation
		want orientation
	}{
		"PNG":        {pngOrientation(bytes.NewReader(slices.Concat([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", make([]byte, 13)), pngChunk("eXIf", tag)))), 6},
		"PNG, long":  {pngOrientation(bytes.NewReader(slices.Concat([]byte("\x89PNG\r\n\x1a\n"), pngChunk("eXIf", long)))), 6},
		"PNG, none":  {pngOrientation(bytes.NewReader(plain(8, 8, 1, 1, 1))), 1},
		"PNG, cut":   {pngOrientation(bytes.NewReader([]byte("\x89PNG\r\n\x1a\n\xff\xff\xff\xffeXIf"))), 1},
		"JPEG, long": {jpegOrientation(bytes.NewReader(tagged([]byte("\xff\xd8"), exifSegment(long)))), 6},
		"WebP":       {webpOrientation(bytes.NewReader(riff(riffChunk("VP8X", make([]byte, 10)), riffChunk("XMP ", []byte("odd")), riffChunk("EXIF", tag)))), 6},
		"WebP, Exif": {webpOrientation(bytes.NewReader(riff(riffChunk("EXIF", append([]byte("Exif\x00\x00"), tag...))))), 6},
		"TIFF":       {tiffFileOrientation(bytes.NewReader(far)), 6},
		"TIFF, cut":  {tiffFileOrientation(bytes.NewReader(far[:41])), 1},
		"value 9":    {tiffOrientation(exif(binary.BigEndian, [4]uint16{0x0112, 3, 1, 9})), 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: orientation %d, want %d", name, c.got, c.want)
		}
	}
}

// A file without its last bytes is read where all pixels are there, with a remark; one without pixels is not.
func TestEndMissing(t *testing.T) {
	m := drawing(40, 40, func(x, y int) color.NRGBA { return color.NRGBA{uint8(6 * x), uint8(6 * y), uint8(x * y), 255} })
	decode := func(raw []byte) ([]uint8, decodeNote, error) {
		path := filepath.Join(tree(t, map[string][]byte{"f": raw}), "f")
		got := make([]uint8, 3*64)
		note, err := decodeFile(imageFile{path: path}, image.NewRGBA(image.Rect(0, 0, 8, 8)), Shape{8, 8, 3}, got)
		return got, note, err
	}
	for name, raw := range map[string][]byte{"png": pngOf(m), "jpeg": jpegOf(m)} {
		whole, note, err := decode(raw)
		if err != nil || note != "" {
			t.Fatalf("%s: %q, %v", name, note, err)
		}
		end := map[string]int{"png": 12, "jpeg": 2}[name]
		for cut := 1; cut <= end; cut++ {
			got, note, err := decode(raw[:len(raw)-cut])
			if err != nil || note != endMissing || !bytes.Equal(got, whole) {
				t.Errorf("%s without its last %d bytes: %q, %v", name, cut, note, err)
			}
		}
		if _, _, err := decode(raw[:len(raw)-end-20]); err == nil {
			t.Errorf("%s without its last pixels is read", name)
		}
	}
}

// Of a file with several images the first is taken, and said so.
func TestSeveralFrames(t *testing.T) {
	red := drawing(8, 8, func(int, int) color.NRGBA { return color.NRGBA{255, 0, 0, 255} })
	blue := drawing(8, 8, func(int, int) color.NRGBA { return color.NRGBA{0, 0, 255, 255} })
	animatedGIF := func(frames ...image.Image) []byte {
		g := &gif.GIF{Delay: make([]int, len(frames))}
		for _, m := range frames {
			p := image.NewPaletted(m.Bounds(), color.Palette{m.At(0, 0), color.White})
			g.Image = append(g.Image, p)
		}
		var b bytes.Buffer
		if err := gif.EncodeAll(&b, g); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	withFrames := func(n byte) []byte { // after the signature and the header
		raw := pngOf(red)
		body := []byte{0, 0, 0, n, 0, 0, 0, 0}
		sum := crc32.ChecksumIEEE(append([]byte("acTL"), body...))
		chunk := binary.BigEndian.AppendUint32(pngChunk("acTL", body)[:16], sum)
		return slices.Concat(raw[:33], chunk, raw[33:])
	}
	for name, c := range map[string]struct {
		raw  []byte
		want decodeNote
	}{
		"GIF": {animatedGIF(red), ""}, "GIF, 2": {animatedGIF(red, blue), severalFrames}, "GIF, 3": {animatedGIF(red, blue, red), severalFrames},
		"PNG": {pngOf(red), ""}, "APNG, 1": {withFrames(1), ""}, "APNG, 2": {withFrames(2), severalFrames},
		"TIFF": {tiffOf(red), ""}, "TIFF, 2": {twoPages(t, red), severalFrames},
		"WebP": {stillWebP(t), ""}, "WebP, 2": {animatedWebP(t, 8, 8, 0), severalFrames},
	} {
		path := filepath.Join(tree(t, map[string][]byte{"f": c.raw}), "f")
		got := make([]uint8, 3*16)
		note, err := decodeFile(imageFile{path: path}, image.NewRGBA(image.Rect(0, 0, 4, 4)), Shape{4, 4, 3}, got)
		if err != nil || note != c.want || got[0] < 250 || got[1] > 5 || got[2] > 5 {
			t.Errorf("%s: %q, %v, first pixel %v, want red", name, note, err, got[:3])
		}
	}
}

// twoPages is a TIFF file whose first directory is followed by a copy of itself.
func twoPages(t *testing.T, m image.Image) []byte {
	raw := tiffOf(m)
	order := tiffOrder(raw)
	at := order.Uint32(raw[4:])
	end := at + 2 + exifEntry*uint32(order.Uint16(raw[at:]))
	if order.Uint32(raw[end:]) != 0 {
		t.Fatal("the file has two pages already")
	}
	directory := bytes.Clone(raw[at : end+4])
	order.PutUint32(raw[end:], uint32(len(raw)))
	return append(raw, directory...)
}

func stillWebP(t *testing.T) []byte {
	raw, err := base64.StdEncoding.DecodeString(redWebP)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// animatedWebP is an animation on a canvas, whose first frame of 8x8 red pixels stands x pixels to the right of the
// corner, and whose second one cannot be decoded.
func animatedWebP(t *testing.T, w, h, x byte) []byte {
	frame := func(x byte, image []byte) []byte {
		return riffChunk("ANMF", append([]byte{x / 2, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 100, 0, 0, 0}, image...))
	}
	return riff(
		riffChunk("VP8X", []byte{webpAnimation, 0, 0, 0, w - 1, 0, 0, h - 1, 0, 0}),
		riffChunk("ANIM", make([]byte, 6)),
		frame(x, append(stillWebP(t)[riffHead:], 0, 0)), // which lacks the end of its chunk
		frame(0, riffChunk("VP8L", []byte("no image"))))
}

// The colours of a lossy WebP file are those that Pillow 13 (libwebp) reads.
func TestLossyWebP(t *testing.T) {
	const file = "UklGRj4AAABXRUJQVlA4IDIAAADQAQCdASoIAAgAAMASJaACdLoB+AADsAD++q4P/1lfycfk4/uS//vPR956PvPR/3lgAA=="
	raw, err := base64.StdEncoding.DecodeString(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodeWebP(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	got, want := color.NRGBAModel.Convert(m.At(3, 3)).(color.NRGBA), color.NRGBA{199, 20, 19, 255}
	for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B)} {
		if d < -2 || d > 2 {
			t.Errorf("want %v, got %v", want, got)
		}
	}
	// One transparent pixel for 64 of colour.
	small := riff(riffChunk("VP8X", []byte{webpAlpha, 0, 0, 0, 0, 0, 0, 0, 0, 0}), riffChunk("ALPH", []byte{0, 255}), raw[riffHead:])
	if _, err := decodeWebP(bytes.NewReader(small)); err == nil {
		t.Error("too little transparency: no error")
	}
}

// A frame stands where the file says; an animation without a frame is refused.
func TestAnimatedWebP(t *testing.T) {
	m, err := decodeWebP(bytes.NewReader(animatedWebP(t, 32, 8, 16)))
	if err != nil || m.Bounds() != image.Rect(16, 0, 24, 8) {
		t.Fatalf("%v, %v", m, err)
	}
	head := riffChunk("VP8X", []byte{webpAnimation, 0, 0, 0, 7, 0, 0, 7, 0, 0})
	for name, raw := range map[string][]byte{
		"no frame": riff(head), "an empty one": riff(head, riffChunk("ANMF", make([]byte, 16))), "a short one": riff(head, riffChunk("ANMF", make([]byte, 3))),
		"one without an image": riff(head, riffChunk("ANMF", make([]byte, 40))), "one beside the canvas": animatedWebP(t, 8, 8, 8),
	} {
		if _, err := decodeWebP(bytes.NewReader(raw)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// All files that cannot be read are named at once, or left out and counted.
func TestUnreadableImages(t *testing.T) {
	files := photos("train/", 4)
	for name, b := range photos("test/", 2) {
		files[name] = append(bytes.Clone(b), 0)
	}
	files["train/dog/1.png"], files["train/emu/x.heic"], files["test/cat/0.png"] = []byte("hello"), []byte("x"), nil
	root := tree(t, files)
	_, err := Open(t.Context(), Data{Set: "folder", Path: root})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"want images that can be read, got 3 that cannot: mend or remove them, or leave them out with data.skip_bad=true (--skip-bad):",
		"\n  " + filepath.Join(root, "train/dog/1.png") + ": want a whole", "\n  " + filepath.Join(root, "train/emu/x.heic") + ": want a ", "\n  " + filepath.Join(root, "test/cat/0.png") + ": want a ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %q", want, err)
		}
	}
	s, err := Open(t.Context(), Data{Set: "folder", Path: root, SkipBad: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(t, s.Train); fmt.Sprint(slices.Sorted(slices.Values(got))) != "[0 1 2 3 10 12 13 20 21 22 23]" {
		t.Errorf("training part %v", got)
	}
	for i, v := range ids(t, s.Train) {
		if s.Train.Label(i) != v/10 {
			t.Errorf("image %d has label %d", v, s.Train.Label(i))
		}
	}
	if got := ids(t, s.Test); fmt.Sprint(slices.Sorted(slices.Values(got))) != "[1 10 11 20 21]" {
		t.Errorf("test part %v", got)
	}
	if got := strings.Join(s.Remarks, "\n"); !strings.Contains(got, "files that cannot be read and are left out: 3: ") {
		t.Errorf("remarks %q", got)
	}
	without := maps.Clone(files)
	for _, name := range []string{"train/dog/1.png", "train/emu/x.heic", "test/cat/0.png"} {
		delete(without, name)
	}
	removed, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, without)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ids(t, s.Train), ids(t, removed.Train); !slices.Equal(got, want) {
		t.Errorf("files left out: training part %v, removed: %v", got, want)
	}
	for name := range photos("test/", 2) {
		files[name] = nil
	}
	if _, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, files), SkipBad: true}); err == nil || !strings.Contains(err.Error(), "got none in the test part") {
		t.Errorf("no test image can be read: %v", err)
	}
	for i := range 4 {
		without[fmt.Sprintf("train/dog/%d.png", i)] = nil
	}
	if _, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, without), SkipBad: true}); err == nil || !strings.Contains(err.Error(), `got none of class 1 ("dog") among 4`) {
		t.Errorf("no image of a class can be read: %v", err)
	}
}

// The same picture in two formats, on two sides of the split, is remarked.
func TestEqualPixels(t *testing.T) {
	files := joined(photos("train/", 3), photos("test/", 2))
	m, err := png.Decode(bytes.NewReader(files["train/cat/2.png"]))
	if err != nil {
		t.Fatal(err)
	}
	for name := range photos("test/", 2) { // other pictures than those of the training part
		files[name] = plain(8, 8, 200, uint8(len(name)), name[len(name)-5])
	}
	open := func(files map[string][]byte) string {
		s, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, files)})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(s.Remarks, "\n")
	}
	const want = "1 of 7 images of the test part have the pixels of one that is trained on, such as "
	if got := open(files); strings.Contains(got, "have the pixels") {
		t.Errorf("other pictures: %q", got)
	}
	files["test/cat/same.tiff"] = tiffOf(m)
	if got := open(files); !strings.Contains(got, want) || !strings.Contains(got, "same.tiff and ") || !strings.Contains(got, "2.png") {
		t.Errorf("want %q, got %q", want, got)
	}
}

// What systems leave behind is ignored, images outside classes are counted, and an accent written in two ways is
// one class.
func TestFolderNames(t *testing.T) {
	files := joined(photos("", 4), map[string][]byte{
		"__MACOSX/cat/._0.png": []byte("x"), "@eaDir/x": nil, "Thumbs.db": nil, "cat/@eaDir/y": nil, "cat/Thumbs.db": nil, "desktop.ini": nil,
		"stray.png": plain(8, 8, 1, 1, 1), "stray.jpg": nil, "caf\u00e9/1.png": plain(8, 8, 40, 40, 40), "cafe\u0301/2.png": plain(8, 8, 41, 41, 41),
	})
	s, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, files)})
	if err != nil {
		t.Fatal(err)
	}
	if got := ClassNames(s.Train); !slices.Equal(got, []string{"caf\u00e9", "cat", "dog", "emu"}) || s.Train.Len()+s.Test.Len() != 14 || s.SkippedFiles != 0 {
		t.Errorf("classes %q, %d images, %d skipped", got, s.Train.Len()+s.Test.Len(), s.SkippedFiles)
	}
	if got := strings.Join(s.Remarks, "\n"); !strings.Contains(got, "images beside the folders of classes, which belong to no class and are left out: 2: ") {
		t.Errorf("remarks %q", got)
	}
}
