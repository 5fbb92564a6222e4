package pipelines

import (
	"image"
	"image/color"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Measures of a caption, in pixels.
const (
	captionLine = 13
	captionSize = 11 // of the font
)

var captionColor = color.RGBA{230, 230, 230, 255}

// captionFont is the font of captions, which has Latin, Greek and Cyrillic letters. It must be used
// by one goroutine at a time.
var captionFont = struct {
	sync.Mutex
	face func() font.Face
}{face: sync.OnceValue(func() font.Face {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the program
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: captionSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic(err)
	}
	return f
})}

// CaptionOf names class k of a data set in a picture: by its name, or by its number where names does
// not have it or the font of pictures lacks a letter of it.
func CaptionOf(names []string, k int) string {
	if k >= 0 && k < len(names) && canDraw(names[k]) {
		return strings.Join(strings.Fields(names[k]), " ")
	}
	return strconv.Itoa(k)
}

// canDraw tells whether the font has every letter of a text, and the text any.
func canDraw(text string) bool {
	captionFont.Lock()
	defer captionFont.Unlock()
	for _, r := range text {
		if _, ok := captionFont.face().GlyphAdvance(r); !ok {
			return false
		}
	}
	return strings.TrimSpace(text) != ""
}

// countLines returns the largest number of lines of a caption, 0 without captions.
func countLines(captions []string) int {
	most := 0
	for _, c := range captions {
		most = max(most, 1+strings.Count(c, "\n"))
	}
	return most
}

// drawCaption writes one line below (x, y), cut with an ellipsis to room pixels.
func drawCaption(to *image.RGBA, text string, x, y, room int) {
	captionFont.Lock()
	defer captionFont.Unlock()
	d := font.Drawer{Dst: to, Src: image.NewUniform(captionColor), Face: captionFont.face(), Dot: fixed.P(x, y+captionSize)}
	d.DrawString(fitCaption(text, func(s string) bool { return d.MeasureString(s).Ceil() <= room }))
}

// fitCaption returns the text, or as many of its first letters as fit with an ellipsis.
func fitCaption(text string, fits func(string) bool) string {
	if fits(text) {
		return text
	}
	letters := []rune(text)
	for len(letters) > 0 {
		letters = letters[:len(letters)-1]
		if cut := strings.TrimRight(string(letters), " ") + "…"; fits(cut) {
			return cut
		}
	}
	return ""
}
