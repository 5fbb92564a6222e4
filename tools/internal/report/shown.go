package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"math"

	"unwarp/attacks"
	"unwarp/pipelines"
)

// shown are the pictures of one run in the page.
type shown struct {
	folder  string
	Name    string
	Why     string // why there are none
	Times   int    // the change is drawn this many times
	Images  []shownImage
	Attacks []shownAttack
}

// shownImage is an image with its smallest example.
type shownImage struct {
	Clean, Broken, Change     template.URL
	Label, Class, Size, About string
	Found                     bool
}

// shownAttack is what one attack made of the images, in one picture.
type shownAttack struct {
	Title string
	Sheet template.URL
	Width int // columns of pixels as drawn
	Alt   string
}

// mostShown bounds the pictures of a run.
const mostShown = 8

func choose(folder string, r *Record, f Figures, im Images) shown {
	s := shown{folder: folder}
	switch {
	case faces(r.Set):
		s.Why = "The images of this data set show people who were not asked: this report leaves them out."
		return s
	case len(im.Clean) == 0:
		s.Why = "No images were kept with this evaluation."
		return s
	}
	e := &r.Evaluation
	n := min(mostShown, len(im.Clean), e.Images)
	best := make([]int, n) // the series that found the smallest, -1 for none
	var clean, broken []float32
	for i := range n {
		best[i] = -1
		for k := range e.Series {
			if im.Adversarial[k][i] != nil && (best[i] < 0 || closer(e, k, best[i], i)) {
				best[i] = k
			}
		}
		clean = append(clean, im.Clean[i]...)
		if best[i] < 0 {
			broken = append(broken, im.Clean[i]...)
		} else {
			broken = append(broken, im.Adversarial[best[i]][i]...)
		}
	}
	change, times := magnified(clean, broken)
	s.Times = times
	size := im.Shape.Len()
	for i := range n {
		at := func(x []float32) template.URL { return dataURI(picture(x[i*size:(i+1)*size], im.Shape)) }
		one := shownImage{Clean: at(clean), Broken: at(broken), Change: at(change), Label: class(r, e.Labels[i]), About: fmt.Sprintf("image %d", e.Index[i])}
		if !e.Right(i) {
			one.Class, one.Size = class(r, e.Clean[i]), "wrong without attack"
		} else if best[i] < 0 {
			one.Size = "not broken"
		} else {
			a := e.Series[best[i]].Attempts[i]
			one.Found, one.Class, one.Size = true, class(r, int32(a.Class)), normShort(e.Norm)+" "+distanceText(a.Reach)+", "+f.Attacks[best[i]].Title
		}
		s.Images = append(s.Images, one)
	}
	for k := range e.Series {
		if a, ok := strip(im, k, n); ok {
			a.Title, a.Alt = f.Attacks[k].Title, fmt.Sprintf("What %s made of the %d images above, in their order; below, the change", f.Attacks[k].Title, n)
			s.Attacks = append(s.Attacks, a)
		}
	}
	return s
}

// closer tells whether series a found a smaller example of image i than b did.
func closer(e *attacks.Evaluation, a, b, i int) bool {
	return number(e.Series[a].Attempts[i].Reach) < number(e.Series[b].Attempts[i].Reach)
}

func class(r *Record, k int32) string {
	if k >= 0 && int(k) < len(r.ClassNames) {
		return r.ClassNames[k]
	}
	return fmt.Sprint(k)
}

// strip is a row of a series' examples above a row of their changes; images
// without one are left blank.
func strip(im Images, series, n int) (shownAttack, bool) {
	sh := im.Shape
	sheet := image.NewNRGBA(image.Rect(0, 0, n*(panels(sh)*sh.W+2)-2, 2*sh.H+2))
	any := false
	for i := range n {
		x := im.Adversarial[series][i]
		if x == nil {
			continue
		}
		any = true
		change, _ := magnified(im.Clean[i], x)
		paste(sheet, picture(x, sh), i*(panels(sh)*sh.W+2), 0)
		paste(sheet, picture(change, sh), i*(panels(sh)*sh.W+2), sh.H+2)
	}
	return shownAttack{Sheet: dataURI(sheet), Width: sheet.Rect.Dx() * max(1, 56/sh.W)}, any
}

func paste(to *image.NRGBA, from *image.NRGBA, x, y int) {
	for v := range from.Rect.Dy() {
		for u := range from.Rect.Dx() {
			to.SetNRGBA(x+u, y+v, from.NRGBAAt(u, v))
		}
	}
}

// panels is how many grey pictures stand for one image: colours are drawn as
// such, other channels side by side.
func panels(sh pipelines.Shape) int {
	if sh.C == 3 {
		return 1
	}
	return sh.C
}

// picture draws an image, a pixel for a pixel.
func picture(x []float32, sh pipelines.Shape) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, panels(sh)*sh.W, sh.H))
	for v := range sh.H {
		for u := range panels(sh) * sh.W {
			at := (v*sh.W+u%sh.W)*sh.C + u/sh.W
			c := color.NRGBA{display(x[at]), display(x[at]), display(x[at]), 255}
			if sh.C == 3 {
				c.G, c.B = display(x[at+1]), display(x[at+2])
			}
			out.SetNRGBA(u, v, c)
		}
	}
	return out
}

func display(v float32) uint8 {
	if math.IsNaN(float64(v)) {
		return 0
	}
	return uint8(min(max(v, 0), 1)*255 + .5)
}

// dataURI holds a picture in the page itself.
func dataURI(m image.Image) template.URL {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return "" // only for sizes that no image has
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))
}
