package pipelines

import (
	"crypto/sha256"
	"encoding/hex"
	"image/color"
	"math"
	"strings"
	"testing"
)

func TestSheetPlacesPixels(t *testing.T) {
	nan := float32(math.NaN())
	grey := func(v uint8) color.RGBA { return color.RGBA{v, v, v, 255} }
	for name, c := range map[string]struct {
		images  []float32
		n       int
		shape   Shape
		columns int
		want    map[[2]int]color.RGBA // of pixels at scale 2
		w, h    int
	}{
		"grey": {[]float32{0, 1, .2, 2, -1, nan}, 3, Shape{1, 2, 1}, 2,
			map[[2]int]color.RGBA{
				{4, 4}: grey(0), {5, 5}: grey(0), {6, 4}: grey(255), {7, 5}: grey(255), {8, 4}: sheetGround,
				{12, 4}: grey(51), {14, 4}: grey(255), {4, 10}: grey(0), {6, 10}: grey(0), {12, 10}: sheetGround, {3, 4}: sheetGround,
			}, 4 + 2*8, 4 + 2*6},
		"stereo": {[]float32{0, 1, .2, .4}, 1, Shape{1, 2, 2}, 5,
			map[[2]int]color.RGBA{{4, 4}: grey(0), {6, 4}: grey(51), {8, 4}: grey(255), {10, 4}: grey(102)}, 4 + 12, 4 + 6},
		"colour":    {[]float32{1, .2, 0}, 1, Shape{1, 1, 3}, 1, map[[2]int]color.RGBA{{5, 5}: {255, 51, 0, 255}}, 4 + 6, 4 + 6},
		"none":      {nil, 0, Shape{1, 1, 1}, 3, nil, 8, 4},
		"no shape":  {nil, 3, Shape{}, 3, nil, 8, 4},
		"too few":   {[]float32{1}, 9, Shape{1, 1, 1}, 3, map[[2]int]color.RGBA{{4, 4}: grey(255)}, 10, 10},
		"no column": {[]float32{1, 0}, 2, Shape{1, 1, 1}, 0, map[[2]int]color.RGBA{{4, 4}: grey(255), {4, 10}: grey(0)}, 10, 16},
	} {
		got := Sheet(c.images, c.n, c.shape, c.columns, 2, nil)
		if c.n > 0 && c.shape.Len() > 0 && (got.Rect.Dx() != c.w || got.Rect.Dy() != c.h) {
			t.Errorf("%s: %v, want %dx%d", name, got.Rect, c.w, c.h)
		}
		for at, want := range c.want {
			if v := got.RGBAAt(at[0], at[1]); v != want {
				t.Errorf("%s: pixel %v is %v, want %v", name, at, v, want)
			}
		}
	}
}

func TestSheetCaptions(t *testing.T) {
	plain := Sheet(make([]float32, 2*400), 2, Shape{20, 20, 1}, 2, 1, nil)
	titled := Sheet(make([]float32, 2*400), 2, Shape{20, 20, 1}, 2, 1, []string{"7", "a caption far too long"})
	if titled.Rect.Dy() != plain.Rect.Dy()+captionLine {
		t.Errorf("height %d with captions, %d without", titled.Rect.Dy(), plain.Rect.Dy())
	}
	var left, right, outside int
	for y := 24; y < titled.Rect.Dy(); y++ {
		for x := range titled.Rect.Dx() {
			if titled.RGBAAt(x, y) == sheetGround {
				continue
			}
			switch {
			case x >= 4 && x < 24:
				left++
			case x >= 28 && x < 48:
				right++
			default:
				outside++
			}
		}
	}
	if left == 0 || right == 0 || outside > 0 {
		t.Errorf("%d and %d pixels of captions, %d outside; want some, some and none", left, right, outside)
	}
}

// Rows of images alternate with rows of views, a short last row included.
func TestBatchSheet(t *testing.T) {
	b := Batch{Images: []float32{.1, .2, .3}, DeformedViews: []float32{.6, .7, .8}, Labels: []int32{1, 2, 3}, N: 3}
	got := b.Sheet(Shape{1, 1, 1}, 2, 1, nil)
	cell := func(column, row int) float32 {
		return float32(got.RGBAAt(4+column*5, 4+row*(1+captionLine+4)).R) / 255
	}
	for row, want := range [][]float32{{.1, .2}, {.6, .7}, {.3, 0}, {.8, 0}} {
		for column, w := range want {
			if v := cell(column, row); math.Abs(float64(v-w)) > .002 {
				t.Errorf("row %d column %d shows %v, want %v", row, column, v, w)
			}
		}
	}
	b.DeformedViews = nil
	if h := b.Sheet(Shape{1, 1, 1}, 2, 1, nil).Rect.Dy(); h != 4+2*(1+captionLine+4) {
		t.Errorf("without views the sheet is %d high", h)
	}
}

func TestDescribe(t *testing.T) {
	m := &memorySource{name: "m", shape: Shape{1, 2, 1}, classes: 3, pixels: []uint8{0, 51, 102, 255, 51, 51}, labels: []int32{2, 0, 2}}
	d, err := Describe(m)
	if err != nil {
		t.Fatal(err)
	}
	// Mean (0+.2+.4+1+.2+.2)/6 = 1/3, mean of squares (.04+.16+1+.04+.04)/6 = 1.28/6.
	if math.Abs(d.Mean-1./3) > 1e-12 || math.Abs(d.Std-math.Sqrt(1.28/6-1./9)) > 1e-12 || d.Min != 0 || d.Max != 1 {
		t.Errorf("mean %v, std %v, %v..%v", d.Mean, d.Std, d.Min, d.Max)
	}
	sum := sha256.Sum256([]byte("\x00\x00\x00\x02\x00\x33\x00\x00\x00\x00\x66\xff\x00\x00\x00\x02\x33\x33"))
	if d.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("sha256 %s", d.SHA256)
	}
	if d.Name != "m" || d.Examples != 3 || d.Height != 1 || d.Width != 2 || d.Channels != 1 || d.Classes != 3 ||
		len(d.PerClass) != 3 || d.PerClass[0] != 1 || d.PerClass[1] != 0 || d.PerClass[2] != 2 {
		t.Errorf("%+v", d)
	}
	m.classes = 2
	if _, err := Describe(m); err == nil || !strings.Contains(err.Error(), "example 0: want a label in 0..1, got 2") {
		t.Errorf("label out of range: %v", err)
	}
	if _, err := Describe(failing{m, 0, 0}); err != errDisk {
		t.Errorf("failing source: %v", err)
	}
}

// TestFitCaption cuts by letters, not bytes, with an ellipsis; a class whose name
// the font lacks goes by its number.
func TestFitCaption(t *testing.T) {
	for _, row := range []struct {
		text string
		room int
		want string
	}{{"größer", 6, "größer"}, {"größer", 5, "größ…"}, {"none found", 6, "none…"}, {"ab", 1, "…"}, {"ab", 0, ""}} {
		if got := fitCaption(row.text, func(s string) bool { return len([]rune(s)) <= row.room }); got != row.want {
			t.Errorf("%q in %d: want %q, got %q", row.text, row.room, row.want, got)
		}
	}
	names := []string{"oak", "großer Ahorn", "数字", " ", "two  spaces"}
	for k, want := range []string{"oak", "großer Ahorn", "2", "3", "two spaces", "5"} {
		if got := CaptionOf(names, k); got != want {
			t.Errorf("class %d: want %q, got %q", k, want, got)
		}
	}
	if got := CaptionOf(names, -1); got != "-1" {
		t.Errorf("no class: got %q", got)
	}
}

// TestCaptionLines makes room for as many lines as the longest caption has.
func TestCaptionLines(t *testing.T) {
	images := make([]float32, 2*400)
	plain, titled := Sheet(images, 2, Shape{20, 20, 1}, 2, 1, nil), Sheet(images, 2, Shape{20, 20, 1}, 2, 1, []string{"a", "a\nb\nc"})
	if got := titled.Rect.Dy() - plain.Rect.Dy(); got != 3*captionLine {
		t.Errorf("want three lines, got %d pixels", got)
	}
}
