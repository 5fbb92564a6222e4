package report

import (
	"fmt"
	"html/template"
	"image"
	"strings"

	"unwarp/attacks"
)

// runPictures are the pictures of one run in the page.
type runPictures struct {
	folder  string
	Name    string
	Why     string // why there are none
	Times   int    // the change is drawn this many times
	Images  []imageColumn
	Attacks []attackStrip
}

// imageColumn is an image with its smallest example.
type imageColumn struct {
	Clean, Adversarial, Change template.URL
	Label, Seen, Class         string // true class; predicted without attack, and under it
	Size, About                string
	Found, Wrong               bool // an example was found; wrong without attack
}

// attackStrip is one picture of the examples that an attack found.
type attackStrip struct {
	Title string
	Sheet template.URL
	Width int // columns of pixels as drawn
	Alt   string
}

// maxPictures is the largest number of pictures of a run.
const maxPictures = 8

func choosePictures(folder string, r *Record, f SummaryData, im Images) runPictures {
	s := runPictures{folder: folder}
	switch {
	case ShowsFaces(r.Set):
		s.Why = "The images of this data set show people who did not consent: this report leaves them out."
		return s
	case len(im.Clean) == 0:
		s.Why = "No images were kept with this evaluation."
		return s
	}
	e := &r.Evaluation
	n := min(maxPictures, len(im.Clean), e.Images)
	best := make([]int, n) // the series that found the smallest, -1 for none
	var clean, adversarial []float32
	for i := range n {
		best[i] = -1
		for k := range e.Attacks {
			if im.Adversarial[k][i] != nil && (best[i] < 0 || isSmaller(e, k, best[i], i)) {
				best[i] = k
			}
		}
		clean = append(clean, im.Clean[i]...)
		if best[i] < 0 {
			adversarial = append(adversarial, im.Clean[i]...)
		} else {
			adversarial = append(adversarial, im.Adversarial[best[i]][i]...)
		}
	}
	change, times := magnifyChange(clean, adversarial)
	s.Times = times
	size := im.Shape.Len()
	for i := range n {
		at := func(x []float32) template.URL { return encodeURI(drawImage(x[i*size:(i+1)*size], im.Shape)) }
		one := imageColumn{Clean: at(clean), Adversarial: at(adversarial), Change: at(change), Label: nameClass(f, e.Labels[i]), About: fmt.Sprintf("image %d", e.Index[i])}
		if one.Seen = nameClass(f, e.Clean[i]); !e.Correct(i) {
			one.Wrong, one.Size = true, wrongBefore
		} else if best[i] < 0 && !wasAttacked(e, i) {
			one.Size = "not attacked"
		} else if best[i] < 0 {
			one.Size = "no example found"
		} else {
			a := e.Attacks[best[i]].Results[i]
			one.Found, one.Class, one.Size = true, nameClass(f, int32(a.Class)), f.measure().distance(a.ThreatDistance)+", "+f.Attacks[best[i]].Title
		}
		s.Images = append(s.Images, one)
	}
	for k := range e.Attacks {
		if a, ok := drawStrip(im, k, n); ok {
			a.Title, a.Alt = f.Attacks[k].Title, fmt.Sprintf("Examples that %s found of the %d images above, in their order; below, the change", f.Attacks[k].Title, n)
			s.Attacks = append(s.Attacks, a)
		}
	}
	return s
}

// isSmaller tells whether attack a found a smaller example of image i than b.
func isSmaller(e *attacks.Evaluation, a, b, i int) bool {
	return validDistance(e.Attacks[a].Results[i].ThreatDistance) < validDistance(e.Attacks[b].Results[i].ThreatDistance)
}

// nameClass names a class for people: by its name, or its number where it has none.
func nameClass(f SummaryData, k int32) string {
	if k >= 0 && int(k) < len(f.ClassNames) && strings.TrimSpace(f.ClassNames[k]) != "" {
		return shortName(f.ClassNames[k])
	}
	return fmt.Sprint(k)
}

// drawStrip draws a row of an attack's examples above a row of their changes.
// Places of images without an example are blank.
func drawStrip(im Images, series, n int) (attackStrip, bool) {
	sh := im.Shape
	sheet := image.NewNRGBA(image.Rect(0, 0, n*(panelCount(sh)*sh.W+2)-2, 2*sh.H+2))
	any := false
	for i := range n {
		x := im.Adversarial[series][i]
		if x == nil {
			continue
		}
		any = true
		change, _ := magnifyChange(im.Clean[i], x)
		pasteImage(sheet, drawImage(x, sh), i*(panelCount(sh)*sh.W+2), 0)
		pasteImage(sheet, drawImage(change, sh), i*(panelCount(sh)*sh.W+2), sh.H+2)
	}
	return attackStrip{Sheet: encodeURI(sheet), Width: sheet.Rect.Dx() * max(1, 56/sh.W)}, any
}
