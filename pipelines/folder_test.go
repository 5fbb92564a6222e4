package pipelines

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/tiff"
)

// tree writes files, folders included, below a new folder.
func tree(t *testing.T, files map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	for name, b := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// drawing is a w by h image whose pixels come from at.
func drawing(w, h int, at func(x, y int) color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, at(x, y))
		}
	}
	return m
}

func pngOf(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func tiffOf(m image.Image) []byte {
	var b bytes.Buffer
	if err := tiff.Encode(&b, m, nil); err != nil { // its package makes image.Decode read them
		panic(err)
	}
	return b.Bytes()
}

// plain is a PNG of one colour.
func plain(w, h int, r, g, b uint8) []byte {
	return pngOf(drawing(w, h, func(int, int) color.NRGBA { return color.NRGBA{r, g, b, 255} }))
}

// photos are classes cat, dog and emu of n images each, all of one grey value: 10*class + number.
func photos(prefix string, n int) map[string][]byte {
	files := map[string][]byte{}
	for c, class := range []string{"cat", "dog", "emu"} {
		for i := range n {
			v := uint8(10*c + i)
			files[fmt.Sprintf("%s%s/%d.png", prefix, class, i)] = plain(8+i, 8, v, v, v) // of several sizes
		}
	}
	return files
}

// joined is several sets of files as one.
func joined(sets ...map[string][]byte) map[string][]byte {
	all := map[string][]byte{}
	for _, s := range sets {
		for k, v := range s {
			all[k] = v
		}
	}
	return all
}

// The test part where there is none: about the share asked for, by seed, classes in turn.
func TestFolderHoldout(t *testing.T) {
	files := joined(photos("", 10), map[string][]byte{".hidden/x.png": nil, "cat/.x.png": nil, "cat/notes.txt": nil, "notes.txt": nil})
	root := tree(t, files)
	s, err := Open(t.Context(), Data{Set: "folder", Path: root, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if s.Validation != nil || s.Train.Shape() != (Shape{32, 32, 3}) || fmt.Sprint(ClassNames(s.Test)) != "[cat dog emu]" || s.Test.Name() != "folder/test" {
		t.Errorf("%v of %v, validation %v", ClassNames(s.Test), s.Train.Shape(), s.Validation)
	}
	train, test := ids(t, s.Train), ids(t, s.Test)
	if all := slices.Sorted(slices.Values(slices.Concat(train, test))); len(all) != 30 || len(slices.Compact(all)) != 30 {
		t.Errorf("%v and %v are not the 30 images", train, test)
	}
	for k := range train[:12] { // in turn, sorted within
		if train[k]/10 != k%3 || k >= 3 && train[k] < train[k-3] {
			t.Errorf("training part %v: want classes taking turns, sorted within", train)
			break
		}
	}
	old := runtime.GOMAXPROCS(1)
	again, err := Open(t.Context(), Data{Set: "folder", Path: root, Seed: 3})
	runtime.GOMAXPROCS(old)
	if err != nil || !slices.Equal(ids(t, again.Train), train) {
		t.Errorf("one worker: %v, %v", ids(t, again.Train), err)
	}
	other, err := Open(t.Context(), Data{Set: "folder", Path: root, Seed: 4})
	if err != nil || slices.Equal(ids(t, other.Test), test) {
		t.Errorf("another seed tests on the same images: %v", err)
	}
	half, err := Open(t.Context(), Data{Set: "folder", Path: root, Holdout: .5, Channels: 1, Size: 5, Validation: 3, Seed: 3})
	if n := half.Test.Len(); err != nil || n < 5 || n > 25 || half.Train.Len() != 27-n || half.Validation.Len() != 3 || half.Train.Shape() != (Shape{5, 5, 1}) {
		t.Errorf("half: %v", err)
	}
	// One image to test on at least, one of each class to train on.
	for share, want := range map[float64][2]int{.001: {29, 1}, .999: {3, 27}} {
		if s, err := Open(t.Context(), Data{Set: "folder", Path: root, Holdout: share}); err != nil || [2]int{s.Train.Len(), s.Test.Len()} != want {
			t.Errorf("holdout %v: %v", share, err)
		}
	}
}

// The share of 3,000 different contents that are tested on, against the binomial distribution.
func TestHoldoutShare(t *testing.T) {
	const n = 3000
	for _, share := range []float64{.05, .2, .5} {
		for seed := range Seed(3) {
			chosen := 0
			for i := range n {
				if seed.place("holdout", sha256.Sum256([]byte{byte(i), byte(i >> 8)})) < share {
					chosen++
				}
			}
			if z := (float64(chosen) - share*n) / math.Sqrt(n*share*(1-share)); math.Abs(z) > 4 {
				t.Errorf("seed %d: %d of %d chosen with share %v, %.1f standard deviations off", seed, chosen, n, share, z)
			}
		}
	}
}

// Adding, removing and renaming files moves no other file to the other part, and copies go together.
func TestFolderHoldoutStays(t *testing.T) {
	files := photos("", 10)
	side := func(files map[string][]byte) map[string]string {
		l, err := listFolders(tree(t, files))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.hashContents(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.holdOutTest(5, .3); err != nil {
			t.Fatal(err)
		}
		by := map[string]string{}
		for part, list := range l.parts {
			for _, f := range list {
				by[f.class+"/"+filepath.Base(f.path)] = part
			}
		}
		return by
	}
	before := side(files)
	changed := joined(files, photos("", 13), map[string][]byte{"aardvark/1.png": plain(9, 9, 200, 1, 1), "dog/zz.png": files["dog/4.png"], "emu/copy.png": files["dog/4.png"]})
	for i := range 3 {
		changed[fmt.Sprintf("aardvark/%d.png", i+2)] = plain(9, 9, 201, uint8(i), 1)
	}
	delete(changed, "cat/1.png")
	changed["cat/00.png"] = changed["cat/0.png"]
	delete(changed, "cat/0.png")
	after := side(changed)
	for name, part := range before {
		switch name {
		case "cat/1.png":
			continue
		case "cat/0.png":
			name = "cat/00.png"
		}
		if after[name] != part {
			t.Errorf("%s was in the %s part and is in the %s part", name, part, after[name])
		}
	}
	for _, name := range []string{"dog/zz.png", "emu/copy.png"} {
		if after[name] != after["dog/4.png"] {
			t.Errorf("%s is in the %s part, the file it is a copy of in the %s part", name, after[name], after["dog/4.png"])
		}
	}
}

// Copies are reported with their names, the graver ones first; a class without a test image is named.
func TestFolderRemarks(t *testing.T) {
	files := photos("train/", 3)
	for name, b := range photos("test/", 3) {
		files[name] = append(bytes.Clone(b), 0) // other files
	}
	files["test/dog/x.png"] = files["train/dog/1.png"]
	files["train/emu/x.png"] = files["train/cat/2.png"]
	files["train/emu/y.png"], files["train/emu/z.png"] = files["train/emu/1.png"], files["train/emu/1.png"]
	root := tree(t, files)
	s, err := Open(t.Context(), Data{Set: "folder", Path: root})
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(root, name) }
	want := []string{
		"images that are in two parts as copies of each other, so that the accuracy there is not that of new images: 1: " + at("train/dog/1.png") + " = " + at("test/dog/x.png"),
		"images that are in two classes as copies of each other: 1: " + at("train/cat/2.png") + " = " + at("train/emu/x.png"),
		"images that are there more than once in a class, all on the same side of the split: 1: " + at("train/emu/1.png") + " = " + at("train/emu/y.png") + " = " + at("train/emu/z.png"),
		"9 of 10 images of the test part have the pixels of one that is trained on, such as " + at("test/cat/0.png") + " and " + at("train/cat/0.png") + ", so that the accuracy there is not that of new images: leave one of each out",
	}
	if !slices.Equal(s.Remarks, want) {
		t.Errorf("want %q, got %q", want, s.Remarks)
	}
	few := photos("", 8)
	for i := range 2 {
		few[fmt.Sprintf("yak/%d.png", i)] = plain(9, 9, 200, uint8(i), 1)
	}
	for seed := uint64(1); ; seed++ { // some seed leaves the two to train on
		s, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, few), Seed: seed})
		if err == nil && CountClasses(s.Test)[3] == 0 {
			if got := strings.Join(s.Remarks, "\n"); !strings.Contains(got, "no image is in the test part, for want of images or by chance: ") || !strings.Contains(got, "yak") {
				t.Errorf("remarks %q", got)
			}
			break
		}
	}
}

func TestFolderParts(t *testing.T) {
	for _, val := range []string{"val", "validation"} {
		root := tree(t, joined(photos("train/", 4), photos("test/", 2), photos(val+"/", 3)))
		s, err := Open(t.Context(), Data{Set: "folder", Path: root})
		if err != nil || s.Train.Len() != 12 || s.Test.Len() != 6 || s.Validation.Len() != 9 {
			t.Fatalf("%s: %v", val, err)
		}
		if s, err = Open(t.Context(), Data{Set: "folder", Path: root, Validation: 4, Train: 5, Test: 3}); err != nil || s.Validation.Len() != 4 || s.Train.Len() != 5 || !slices.Equal(ids(t, s.Test), []int{0, 10, 20}) {
			t.Errorf("%s: fewer: %v", val, err)
		}
		if s, err = Open(t.Context(), Data{Set: "folder", Path: root, Validation: 4}); err != nil || s.Train.Len() != 12 {
			t.Errorf("%s: fewer held out leave all to train on: %v", val, err)
		}
		if _, err = Open(t.Context(), Data{Set: "folder", Path: root, Validation: 10}); err == nil || !strings.Contains(err.Error(), "12 training, 9 validation and 6 test") {
			t.Errorf("%s: too many: %v", val, err)
		}
	}
	s, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, joined(photos("train/", 5), photos("val/", 1)))})
	if err != nil || s.Train.Len()+s.Test.Len() != 15 || s.Validation.Len() != 3 {
		t.Errorf("without a test part: %v", err)
	}
	// A class may be called train.
	if s, err = Open(t.Context(), Data{Set: "folder", Path: tree(t, map[string][]byte{"train/a.png": plain(9, 9, 1, 1, 1), "train/b.png": plain(9, 9, 2, 1, 1), "car/a.png": plain(9, 9, 3, 1, 1), "car/b.png": plain(9, 9, 4, 1, 1)})}); err != nil || fmt.Sprint(ClassNames(s.Train)) != "[car train]" {
		t.Errorf("a class called train: %v", err)
	}
	numbers := map[string][]byte{}
	for i, n := range []string{"0", "2", "10"} {
		numbers[n+"/a.gif"], numbers[n+"/b.jpeg"] = plain(8, 8, 0, 0, uint8(i)), plain(8, 8, 1, 0, uint8(i)) // by content, not by name
	}
	if s, err = Open(t.Context(), Data{Set: "folder", Path: tree(t, numbers)}); err != nil || fmt.Sprint(ClassNames(s.Train)) != "[0 2 10]" {
		t.Errorf("numbers: %v", err)
	}
}

func TestFacesChoosePeople(t *testing.T) {
	files := map[string][]byte{}
	for i := range 20 {
		for _, part := range []string{"train", "test"} {
			files[fmt.Sprintf("%s/p%02d/a.png", part, i)] = plain(8, 8, uint8(i), 0, 0)
		}
	}
	root := tree(t, files)
	people := func(seed uint64, n int) []string {
		s, err := Open(t.Context(), Data{Set: "facescrub", Path: root, Seed: seed, People: n})
		if err != nil {
			t.Fatal(err)
		}
		names := ClassNames(s.Train)
		for i, v := range ids(t, s.Train) { // a class per person, with that person's image
			if want := fmt.Sprintf("p%02d", v); names[i] != want {
				t.Errorf("class %d is %s, its image %s's", i, names[i], want)
			}
		}
		if !slices.IsSorted(names) || !slices.Equal(ids(t, s.Train), ids(t, s.Test)) || s.Train.Classes() != len(names) {
			t.Errorf("%v: %v and %v", names, ids(t, s.Train), ids(t, s.Test))
		}
		return names
	}
	if all := people(1, 0); len(all) != 20 {
		t.Errorf("all: %v", all)
	}
	a, b := people(1, 5), people(2, 5)
	if len(a) != 5 || slices.Equal(a, b) || !slices.Equal(a, people(1, 5)) {
		t.Errorf("five people: %v and %v", a, b)
	}
	for want, d := range map[string]Data{
		"want 2..20 people (0: all), got 21": {Path: root, People: 21}, "got 1:": {Path: root, People: 1}, "data.path: want": {},
		"want folders train and test": {Path: filepath.Join(root, "train")}, "data.people: want a whole number in 0..1000000, got -1": {Path: root, People: -1},
	} {
		d.Set = "facescrub"
		if _, err := Open(t.Context(), d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", d, err, want)
		}
	}
}

// tent is the scaler's definition, the slow way: each pixel of the result is the mean of the source
// under a tent as wide as the reduction, on the square in the middle.
func tent(m image.Image, size, channel int) []float64 {
	b := m.Bounds()
	side := min(b.Dx(), b.Dy())
	x0, y0 := b.Min.X+(b.Dx()-side)/2, b.Min.Y+(b.Dy()-side)/2
	scale := float64(side) / float64(size)
	weight := func(to, from int) float64 {
		return max(0, 1-math.Abs(float64(from)+.5-(float64(to)+.5)*scale)/max(scale, 1))
	}
	var out []float64
	for y := range size {
		for x := range size {
			sum, total := 0., 0.
			for v := range side {
				for u := range side {
					w := weight(y, v) * weight(x, u)
					r, g, b, _ := m.At(x0+u, y0+v).RGBA() // over black
					sum += w * float64([]uint32{r, g, b}[channel]) / 257
					total += w
				}
			}
			out = append(out, sum/total)
		}
	}
	return out
}

func TestDecodeMatchesTent(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	speckle := func(alpha bool) func(int, int) color.NRGBA {
		return func(int, int) color.NRGBA {
			c := color.NRGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), 255}
			if alpha {
				c.A = uint8(r.Uint32())
			}
			return c
		}
	}
	wide := drawing(37, 24, speckle(false))
	clear := drawing(16, 31, speckle(true))
	deep := image.NewNRGBA64(image.Rect(0, 0, 20, 20))
	grey16 := image.NewGray16(image.Rect(0, 0, 20, 26))
	cmyk := image.NewCMYK(image.Rect(0, 0, 9, 9))
	for _, pix := range [][]uint8{deep.Pix, grey16.Pix, cmyk.Pix} {
		for i := range pix {
			pix[i] = uint8(r.Uint32())
		}
	}
	few := image.NewPaletted(image.Rect(0, 0, 14, 12), color.Palette{color.NRGBA{200, 10, 30, 255}, color.NRGBA{1, 90, 250, 255}, color.NRGBA{0, 0, 0, 0}})
	for i := range few.Pix {
		few.Pix[i] = uint8(r.Uint32() % 3)
	}
	var animated, photo bytes.Buffer
	second := image.NewPaletted(few.Rect, few.Palette)
	if err := gif.EncodeAll(&animated, &gif.GIF{Image: []*image.Paletted{few, second}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	part := image.NewPaletted(image.Rect(5, 3, 12, 9), few.Palette)
	copy(part.Pix, few.Pix)
	onCanvas := image.NewRGBA(image.Rect(0, 0, 20, 14)) // black around the frame
	for y := part.Rect.Min.Y; y < part.Rect.Max.Y; y++ {
		for x := part.Rect.Min.X; x < part.Rect.Max.X; x++ {
			onCanvas.Set(x, y, part.At(x, y))
		}
	}
	var framed bytes.Buffer
	if err := gif.EncodeAll(&framed, &gif.GIF{Image: []*image.Paletted{part}, Delay: []int{0}, Config: image.Config{Width: 20, Height: 14}}); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&photo, wide, nil); err != nil {
		t.Fatal(err)
	}
	lossy, err := jpeg.Decode(bytes.NewReader(photo.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want image.Image
	}{
		"RGB": {pngOf(wide), wide}, "alpha": {pngOf(clear), clear}, "16 bits": {pngOf(deep), deep}, "16 bits grey": {pngOf(grey16), grey16},
		"palette": {pngOf(few), few}, "GIF, first frame": {animated.Bytes(), few}, "GIF, frame in a canvas": {framed.Bytes(), onCanvas}, "JPEG": {photo.Bytes(), lossy}, "narrow": {plain(4, 90, 3, 4, 5), drawing(4, 90, func(int, int) color.NRGBA { return color.NRGBA{3, 4, 5, 255} })},
	} {
		path := filepath.Join(tree(t, map[string][]byte{"f": c.file}), "f")
		for _, size := range []int{4, 8, 12, 32} {
			sh := Shape{size, size, 3}
			got := make([]uint8, sh.Len())
			grey := make([]uint8, size*size)
			scratch := image.NewRGBA(image.Rect(0, 0, size, size))
			if _, err := decodeFile(imageFile{path: path}, scratch, sh, got); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := decodeFile(imageFile{path: path}, scratch, Shape{size, size, 1}, grey); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for channel := range 3 {
				for i, want := range tent(c.want, size, channel) {
					if d := math.Abs(float64(got[3*i+channel]) - want); d > 3 { // rounding down up to three times: 16 bits to 8, alpha, the result
						t.Fatalf("%s to %d: channel %d of pixel %d is %d, want %.1f", name, size, channel, i, got[3*i+channel], want)
					}
				}
			}
			for i, v := range grey {
				want := .299*float64(got[3*i]) + .587*float64(got[3*i+1]) + .114*float64(got[3*i+2])
				if math.Abs(float64(v)-want) > 1 {
					t.Fatalf("%s to %d: grey %d is %d, want %.1f", name, size, i, v, want)
				}
			}
		}
	}
	// No encoder here writes CMYK; its conversion is that of the image package.
	out := image.NewRGBA(image.Rect(0, 0, 9, 9))
	for i, c := range toFastFormat(cmyk).(*image.RGBA).Pix {
		x, y := i/4%9, i/4/9
		wr, wg, wb, _ := cmyk.At(x, y).RGBA()
		if want := []uint32{wr >> 8, wg >> 8, wb >> 8, 255}[i%4]; math.Abs(float64(c)-float64(want)) > 1 {
			t.Fatalf("CMYK: value %d is %d, want %d", i, c, want)
		}
	}
	unpackRGBA(out, 3, make([]uint8, 243))
}

// wideHeader is a PNG that says it is large.
func wideHeader(w, h uint32) []byte {
	b := plain(8, 8, 0, 0, 0)
	for i, v := range []uint32{w, h} {
		for k := range 4 {
			b[16+4*i+k] = byte(v >> (24 - 8*k))
		}
	}
	return resealed(b)
}

// resealed is a PNG with the checksum of its header put right (CRC-32, PNG specification, annex D).
func resealed(b []byte) []byte {
	crc := ^uint32(0)
	for _, v := range b[12:29] {
		crc ^= uint32(v)
		for range 8 {
			crc = crc>>1 ^ 0xedb88320*(crc&1)
		}
	}
	crc = ^crc
	for k := range 4 {
		b[29+k] = byte(crc >> (24 - 8*k))
	}
	return b
}

func TestFolderErrors(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string][]byte // over photos of three classes
		data  Data
		want  string
	}{
		"unreadable":    {map[string][]byte{"dog/1.png": []byte("hello")}, Data{}, "dog/1.png: want a whole PNG, JPEG, GIF, BMP, TIFF or WebP image, got image: unknown format: remove it"},
		"empty":         {map[string][]byte{"dog/1.png": nil}, Data{}, "dog/1.png: want a PNG, JPEG, GIF, BMP, TIFF or WebP image, got an empty file"},
		"truncated":     {map[string][]byte{"dog/1.png": pngOf(drawing(40, 40, func(x, y int) color.NRGBA { return color.NRGBA{uint8(x * y), uint8(x), 9, 255} }))[:90]}, Data{}, "dog/1.png: want a whole"},
		"narrow":        {map[string][]byte{"dog/1.png": plain(1, 90, 0, 0, 0)}, Data{}, "dog/1.png: want an image of at least 4 pixels a side, got 1x90"},
		"huge":          {map[string][]byte{"dog/1.png": wideHeader(60000, 60000)}, Data{}, "a file of 75 bytes that says it has 60000x60000 pixels"},
		"wide":          {map[string][]byte{"dog/1.png": wideHeader(1<<17, 4)}, Data{}, "got 131072x4"},
		"raw":           {map[string][]byte{"dog/1.nef": []byte("MM\x00*")}, Data{}, "dog/1.nef: want a PNG, JPEG, GIF, BMP, TIFF or WebP image, got a file of another format: convert it"},
		"deep":          {map[string][]byte{"dog/more/1.png": nil}, Data{}, "dog/more: want images in the folder of a class, got a folder"},
		"empty class":   {map[string][]byte{"yak/notes.txt": nil}, Data{}, "yak: want PNG, JPEG, GIF, BMP, TIFF or WebP images, got none"},
		"blanks":        {map[string][]byte{"dog /1.png": plain(8, 8, 1, 1, 1)}, Data{}, `want class names without blanks at their ends, got "dog ": rename it`},
		"folder.png":    {map[string][]byte{"dog/x.png/y": nil}, Data{Holdout: .01}, "dog/x.png: want a regular file, got drwx------: remove it or rename it"},
		"HEIC":          {map[string][]byte{"dog/1.png": []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00")}, Data{}, "dog/1.png: want a PNG, JPEG, GIF, BMP, TIFF or WebP image, got one in format HEIC: convert it"},
		"moving WebP":   {map[string][]byte{"dog/1.webp": []byte("RIFF\x40\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00")}, Data{}, "dog/1.webp: want a whole"},
		"name":          {map[string][]byte{"y\xffk/1.png": plain(8, 8, 1, 1, 1)}, Data{}, `want class names in UTF-8, got "y\xffk": rename it`},
		"line break":    {map[string][]byte{"y\nk/1.png": plain(8, 8, 1, 1, 1)}, Data{}, `got "y\nk": rename it`},
		"file name":     {map[string][]byte{"dog/\xff.png": []byte("x")}, Data{Holdout: .01}, `/dog/\xff.png": want a whole`},
		"file line":     {map[string][]byte{"dog/\n.png": []byte("x")}, Data{Holdout: .01}, `/dog/\n.png": want a whole`},
		"classes":       {nil, Data{Classes: 4}, "want 4 classes, as data.classes says, got 3"},
		"size":          {nil, Data{Size: 3}, "data.size: want 4 to 1024 pixels"},
		"holdout":       {nil, Data{Holdout: 1.5}, "data.holdout: want a number in [0,1], got 1.5"},
		"negative":      {nil, Data{Holdout: -.1}, "data.holdout: want a number in [0,1], got "},
		"training":      {nil, Data{Train: 10}, "8 training and 4 test examples, and at least 1 to train on, got train 10, validation 0"},
		"holding out":   {nil, Data{Validation: 9}, "got train 0, validation 9, test 0: lower"},
		"no number":     {nil, Data{Holdout: math.NaN()}, "data.holdout: want a number in [0,1], got "},
		"channels":      {nil, Data{Channels: 2}, "data.channels: want 1, 3 or 0 (the usual 3), got 2"},
		"memory":        {nil, Data{Size: 1024, Memory: 20}, "set data.memory to 24 or more"},
		"more than all": {nil, Data{Train: 10000, Validation: 1000, Test: 2000}, "8 training and 4 test examples, and at least 1 to train on, got train 10000, validation 1000, test 2000: lower data.train, data.validation or data.test (data.train=0 data.test=0 data.validation=0 takes all"},
	} {
		files := joined(photos("", 4), c.files)
		c.data.Set, c.data.Path = "folder", tree(t, files)
		if _, err := Open(t.Context(), c.data); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"one image each":    {map[string][]byte{"a/1.png": plain(8, 8, 1, 1, 1), "b/1.png": plain(8, 8, 1, 1, 2), "b/2.png": plain(8, 8, 1, 1, 2)}, "want at least 2 different images of a class, one to train on and one to test on, got no class with two: add images"},
		"nothing":           {nil, "want a folder of images for each class, got no folder"},
		"one class":         {map[string][]byte{"a/1.png": plain(8, 8, 1, 1, 1), "a/2.png": plain(8, 8, 1, 1, 2)}, `want at least 2 classes, got 1 ["a"]`},
		"missing in test":   {joined(photos("train/", 2), map[string][]byte{"test/cat/1.png": nil, "test/dog/1.png": nil}), `got "emu" in the training part but not in the test part`},
		"more in test":      {joined(photos("train/", 2), photos("test/", 1), map[string][]byte{"test/yak/1.png": nil}), `got "yak" in the test part but not in the training part`},
		"missing in val":    {joined(photos("train/", 2), photos("test/", 1), map[string][]byte{"val/cat/1.png": nil}), `got "dog" in the training part but not in the validation part`},
		"val twice":         {joined(photos("train/", 2), photos("val/", 1), photos("validation/", 1)), "want one of val and validation, got both"},
		"other beside them": {joined(photos("train/", 2), photos("dev/", 1)), `want train, test and val or validation beside each other, got "dev" too`},
		"capitals":          {joined(photos("Train/", 2), photos("Test/", 1)), `want the folders of parts in lower case, got "Test": rename it to test`},
		"one capital":       {joined(photos("train/", 2), photos("Test/", 1)), `want the folders of parts in lower case, got "Test": rename it to test`},
		"test alone":        {photos("test/", 2), "want a folder train with a folder of images for each class beside test, got none: add it, or set data.path to "},
		"no train":          {joined(photos("val/", 2), map[string][]byte{"train/a.png": nil}), "want a folder train with a folder of images for each class beside val"},
		"empty test":        {joined(photos("train/", 2), map[string][]byte{"test/notes.txt": nil}), "test: want a folder of images for each class"},
	} {
		if _, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, c.files)}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	parts := tree(t, joined(photos("train/", 2), photos("test/", 1)))
	if _, err := Open(t.Context(), Data{Set: "folder", Path: parts, Holdout: .3}); err == nil || !strings.Contains(err.Error(), "want data.holdout for a set without a test part alone, got holdout 0.3 beside one of 3 images: leave data.holdout out") {
		t.Errorf("holdout beside a test part: %v", err)
	}
	root := tree(t, photos("", 3))
	if err := os.Symlink("loop", filepath.Join(root, "loop")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Data{Set: "folder", Path: root}); err == nil || !strings.Contains(err.Error(), "loop: want a readable file or folder, got too many levels") {
		t.Errorf("a link to itself: %v", err)
	}
	os.Remove(filepath.Join(root, "loop"))
	if err := os.Symlink("..", filepath.Join(root, "cat", "up")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Data{Set: "folder", Path: root}); err == nil || !strings.Contains(err.Error(), "cat/up: want images in the folder of a class, got a folder") {
		t.Errorf("a link upwards: %v", err)
	}
	for want, d := range map[string]Data{"data.path: want": {Set: "folder"}, "want a readable file or folder, got not a directory": {Set: "folder", Path: filepath.Join(root, "cat", "0.png")}} {
		if _, err := Open(t.Context(), d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", d, err, want)
		}
	}
}

// No file is in two parts, whatever the links to it are called.
func TestFolderLinks(t *testing.T) {
	for name, c := range map[string]struct{ at, to, want string }{
		"file":   {"test/cat/9.png", "../../train/cat/0.png", "test/cat/9.png: want each image once, got the same file as "},
		"class":  {"test/emu", "../train/emu", "test/emu/0.png: want each image once"},
		"part":   {"val", "test", "test/cat/0.png: want each image once"},
		"within": {"train/dog/9.png", "../cat/0.png", "train/dog/9.png: want each image once"},
		"hard":   {"test/dog/9.png", "../../train/dog/0.png", "test/dog/9.png: want each image once, got the same file as "},
		"other":  {"test/cat/9.png", "../../more.png", ""},
	} {
		files := joined(photos("train/", 2), photos("test/", 1), map[string][]byte{"more.png": plain(8, 8, 1, 1, 1)})
		if name == "class" {
			delete(files, "test/emu/0.png")
		}
		root := tree(t, files)
		at := filepath.Join(root, c.at)
		err := os.Symlink(c.to, at)
		if name == "hard" {
			err = errors.Join(os.Remove(at), os.Link(filepath.Join(filepath.Dir(at), c.to), at))
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), Data{Set: "folder", Path: root})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// What is no image by its name is passed over and counted; hidden files are not.
func TestFolderPassedOver(t *testing.T) {
	files := joined(photos("train/", 2), photos("test/", 1), map[string][]byte{"train/cat/notes.txt": nil, "test/dog/x": nil, "train/cat/.hidden": nil, "train/emu/2.JFIF": plain(8, 8, 1, 1, 1)})
	s, err := Open(t.Context(), Data{Set: "folder", Path: tree(t, files)})
	if err != nil || s.Train.Len() != 7 || s.SkippedFiles != 2 {
		t.Errorf("%d to train on, %d passed over, want 7 and 2: %v", s.Train.Len(), s.SkippedFiles, err)
	}
}

func TestOpenCSV(t *testing.T) {
	files := photos("img/", 5)
	lines, back := "\xef\xbb\xbflabel,path\n", ""
	for _, name := range slices.Sorted(maps.Keys(files)) {
		line := strings.Split(name, "/")[1] + "," + name + "\n"
		lines, back = lines+line, line+back
	}
	files["back.csv"] = []byte("label,path\n" + back)
	files["list.csv"] = []byte(lines)
	root := tree(t, files)
	list := filepath.Join(root, "list.csv")
	s, err := Open(t.Context(), Data{Set: "csv", Path: list, Channels: 1})
	if err != nil || s.Train.Len()+s.Test.Len() != 15 || fmt.Sprint(ClassNames(s.Train)) != "[cat dog emu]" || s.Train.Shape().C != 1 {
		t.Fatalf("%v", err)
	}
	if f, err := Open(t.Context(), Data{Set: "folder", Path: filepath.Join(root, "img")}); err != nil || !slices.Equal(ids(t, f.Test), ids(t, s.Test)) {
		t.Errorf("test part %v, of the same files in folders %v: %v", ids(t, s.Test), ids(t, f.Test), err)
	}
	if other, err := Open(t.Context(), Data{Set: "csv", Path: filepath.Join(root, "back.csv")}); err != nil || !slices.Equal(ids(t, other.Train), ids(t, s.Train)) {
		t.Errorf("the order of lines matters: %v", err)
	}
	split := "path,label,split\nimg/cat/0.png,7,train\nimg/dog/0.png,12,train\n\"img/cat/1.png\",7,test\nimg/dog/1.png,12,test\nimg/cat/2.png,7,val\n" + filepath.Join(root, "img/dog/2.png") + ",12,validation\n"
	if err := os.WriteFile(list, []byte(split), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = Open(t.Context(), Data{Set: "csv", Path: list})
	if err != nil || fmt.Sprint(ids(t, s.Train), ids(t, s.Validation), ids(t, s.Test), ClassNames(s.Train)) != "[0 10] [2 12] [1 11] [7 12]" {
		t.Errorf("%v %v %v %v", ids(t, s.Train), ids(t, s.Validation), ids(t, s.Test), err)
	}
	if err := errors.Join(os.Symlink("img/cat/0.png", filepath.Join(root, "link.png")), os.Symlink("img", filepath.Join(root, "links"))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ list, want string }{
		"empty":        {"", "want the header path,label or path,label,split, got an empty file"},
		"header":       {"file,label\n", `list.csv: line 1: want the header path,label or path,label,split, got "file,label"`},
		"twice":        {"path,label,label\n", "line 1: want the header"},
		"no label":     {"path,split\n", "line 1: want the header"},
		"no images":    {"path,label\n", "want images to train on, got none"},
		"columns":      {"path,label\na.png,cat,train\n", "line 2: want comma-separated values, got wrong number of fields"},
		"quote":        {"path,label\na\"b,cat\n", `line 2: want comma-separated values, got bare "`},
		"no path":      {"path,label\n,cat\n", `line 2: want the path of an image, got ""`},
		"no class":     {"path,label\na.png,\n", "line 2: want a name for each class, got an empty one"},
		"not UTF-8":    {"path,label\na.png,\xff\n", `line 2: want class names in UTF-8, got "\xff"`},
		"split":        {"path,label,split\na.png,cat,dev\n", `line 2: want a split of train, validation or test, got "dev"`},
		"same":         {"path,label\nimg/cat/0.png,cat\n./img/cat/0.png,dog\n", "list.csv: line 3: " + filepath.Join(root, "img/cat/0.png") + ": want each image once, got the file of line 2 again: remove one of the lines"},
		"absolute":     {"path,label\n" + root + "//img/cat/0.png,cat\nimg/cat/0.png,dog\n", "got the file of line 2 again"},
		"link":         {"path,label,split\nimg/cat/0.png,cat,train\nlink.png,cat,test\n", "line 3: " + filepath.Join(root, "link.png") + ": want each image once, got the file of line 2 again"},
		"linked":       {"path,label,split\nimg/cat/0.png,cat,train\nlinks/cat/0.png,cat,test\n", "got the file of line 2 again"},
		"blanks":       {"path,label\na.png, cat\n", `list.csv: line 2: want class names without blanks at their ends, got " cat": mend the line`},
		"blanks after": {"path,label\na.png,cat\u00a0\n", "without blanks at their ends"},
		"CR alone":     {"path,label\ra.png,cat\r", "line 1: want lines that end in LF or CR LF, got a CR alone: save the list"},
		"long line":    {strings.Repeat("x", 500) + "\n", `path,label,split, got "` + strings.Repeat("x", 80) + `…": mend it`},
		"no image":     {"path,label\nimg/cat/0.png,a\nimg/cat/1.png,a\nlist.csv,b\nimg/dog/0.png,b\nimg/dog/1.png,b\nimg/dog/2.png,b\nimg/dog/3.png,b\n", "list.csv: line 4: " + list + ": want a whole PNG, JPEG, GIF, BMP, TIFF or WebP image, got image: unknown format: mend or remove the line, or fetch the file again"},
		"missing":      {"path,label\nimg/cat/0.png,a\nimg/cat/1.png,a\nnone.png,b\nimg/dog/0.png,b\n", "list.csv: line 4: " + filepath.Join(root, "none.png") + ": want a readable file or folder, got no such file or directory: mend or remove the line, or check the file's permissions"},
		"folder":       {"path,label\nimg/cat/0.png,a\nimg/cat/1.png,a\nimg,b\nimg/dog/0.png,b\n", "img: want a regular file, got drwx------: mend or remove the line, or rename it"},
		"one":          {"path,label\nimg/cat/0.png,a\nimg/dog/1.png,b\n", "want at least 2 different images of a class"},
		"test only":    {"path,label,split\nimg/cat/0.png,a,test\n", "want images to train on"},
		"other class":  {"path,label,split\nimg/cat/0.png,a,train\nimg/cat/1.png,b,train\nimg/cat/2.png,a,test\n", `got "b" in the training part but not in the test part`},
	} {
		if err := os.WriteFile(list, []byte(c.list), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), Data{Set: "csv", Path: list}); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	for want, path := range map[string]string{"data.path: want the CSV file": "", "want a regular file, got d": root} {
		if _, err := Open(t.Context(), Data{Set: "csv", Path: path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", path, err, want)
		}
	}
}

func FuzzReadList(f *testing.F) {
	for _, s := range []string{"", "path,label\na,b\n", "\xef\xbb\xbflabel,path,split\nx,/y,train\nz,w,test\n", "path,label\n\"a\nb\",c\n", "path,label\na\x00,b", "label,path\r\n1,2\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := readList("/dir/L", bytes.NewReader(b))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "pipelines: /dir/L: ") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		for _, part := range partOrder {
			for _, f := range l.parts[part] {
				if !filepath.IsAbs(f.path) || checkClassName("", f.class, "") != nil {
					t.Fatalf("%q of class %q", f.path, f.class)
				}
			}
		}
		_ = l.checkDuplicates()
		if err := l.hashContents(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.holdOutTest(1, 0); err == nil && (len(l.parts["test"]) == 0 || len(l.parts["train"]) == 0) {
			t.Fatal("an empty part")
		}
	})
}

// The preparation of smallNORB in the paper (section 3.2), two cameras of 96x96 together: the image is
// a crop, resized, with one change of brightness and contrast for each channel; the view is the image
// deformed before that change. Slow view: all that the oracle can make of the seed's crop.
func TestStereoPreparation(t *testing.T) {
	in := Shape{96, 96, 2}
	raw := make([]uint8, in.Len())
	for i := range raw { // smooth, the cameras unlike each other, edges of their own
		y, x, c := float64(i/192), float64(i/2%96), float64(i%2)
		raw[i] = uint8(120 + 50*math.Sin(y/(9+4*c)+c) + 60*math.Cos(x/(8-3*c)+y/30))
	}
	p := fromBytes(raw, 96, 96, 2)
	var crops []picture
	for y := range 49 {
		for x := range 49 {
			crops = append(crops, p.crop(y, x, 48, 48).resize(32, 32))
		}
	}
	for seed := range 3 {
		image, view := augmented(t, "crop(48)|resize(32)|brightness(63/255)|contrast(.2,1.8)|deform(stretch=2..8,shift=2..8)", Seed(seed), raw, in)
		best, gain, bias, least := fitTint(crops, image)
		if least > 1e-4 {
			t.Fatalf("seed %d: %g from the nearest crop", seed, least)
		}
		if gain < .2-1e-4 || gain > 1.8+1e-4 {
			t.Errorf("seed %d: contrast multiplies by %v, want .2 to 1.8", seed, gain)
		}
		// Contrast keeps a channel's mean, so brightness alone moves it, all channels alike.
		var delta [2]float64
		for k := range delta {
			delta[k] = gain*best.mean(k) + bias[k] - best.mean(k)
		}
		if math.Abs(delta[0]) > 63./255+1e-4 || math.Abs(delta[0]-delta[1]) > 1e-4 {
			t.Errorf("seed %d: brightness adds %v, want the same for both and at most .247", seed, delta)
		}
		for i := range view {
			view[i] = (view[i] - float32(bias[i%2])) / float32(gain)
		}
		// Composed interpolation is sharper by about an eighth of second differences; see
		// TestComposedStepsAreClose. A deformation next to it differs by far more.
		if _, d := match(deforms(best, []int{2, 4, 6, 8}, []int{2, 4, 6, 8}), view); d > .03 {
			t.Errorf("seed %d: view is %g from the nearest deformation", seed, d)
		}
	}
}

// fitTint finds the candidate that explains an image of two channels best by one gain and a bias per
// channel, both by least squares, and the largest difference that is left.
func fitTint(candidates []picture, image []float32) (best picture, gain float64, bias [2]float64, least float64) {
	least = math.Inf(1)
	for _, p := range candidates {
		var mean [2]float64 // of the image
		for i, v := range image {
			mean[i%2] += float64(v) / float64(len(image)/2)
		}
		own := [2]float64{p.mean(0), p.mean(1)}
		var both, square float64
		for i, v := range image {
			k, at := i%2, i/2
			d := p[at/p.w()][at%p.w()][k] - own[k]
			both += d * (float64(v) - mean[k])
			square += d * d
		}
		g := both / square
		most := 0.
		for i, v := range image {
			k, at := i%2, i/2
			most = max(most, math.Abs(float64(v)-mean[k]-g*(p[at/p.w()][at%p.w()][k]-own[k])))
		}
		if most < least {
			best, gain, least = p, g, most
			bias = [2]float64{mean[0] - g*own[0], mean[1] - g*own[1]}
		}
	}
	return best, gain, bias, least
}

// An image of a folder set knows its file, also where bad ones were left out and in
// a subset.
func TestFileNames(t *testing.T) {
	root := tree(t, map[string][]byte{
		"train/a/1.png": plain(9, 9, 1, 1, 1), "train/a/2.png": []byte("no image"), "train/a/3.png": plain(9, 9, 3, 1, 1), "train/b/4.png": plain(9, 9, 4, 1, 1),
		"test/a/5.png": plain(9, 9, 5, 1, 1), "test/b/6.png": plain(9, 9, 6, 1, 1),
	})
	s, err := Open(t.Context(), Data{Set: "folder", Path: root, SkipBad: true})
	if err != nil {
		t.Fatal(err)
	}
	some, err := Subset(s.Train, []int{2, 0})
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]uint8, s.Train.Shape().Len())
	for _, src := range []Source{s.Train, s.Test, some} {
		for i := range src.Len() {
			if _, err := src.At(i, raw); err != nil {
				t.Fatal(err)
			}
			if name := FileName(src, i); filepath.Base(name) != fmt.Sprintf("%d.png", raw[0]) { // whose red is its number
				t.Errorf("%s %d: got %q, red %d", src.Name(), i, name, raw[0])
			}
		}
	}
	if name := FileName(s.Train, 99) + FileName(littleSource(t), 0); name != "" {
		t.Errorf("want no name, got %q", name)
	}
}

// littleSource has no files.
func littleSource(t *testing.T) Source {
	t.Helper()
	s, err := Open(t.Context(), Data{Set: "glyphs", Train: 40, Test: 20})
	if err != nil {
		t.Fatal(err)
	}
	return s.Train
}
