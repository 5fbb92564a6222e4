package report

import (
	"fmt"
	"image"
	"slices"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// PicturesDir is the folder of pictures in a run folder.
const PicturesDir = "pictures"

// PictureColumns is the number of images in a row of a picture.
const PictureColumns = 10

// WriteReconstructions writes the picture of [DrawReconstructions].
func WriteReconstructions(dir string, inputs []float32, d trainer.Decoded, sh pipelines.Shape) (string, error) {
	raw, err := EncodePNG(DrawReconstructions(inputs, d, sh))
	if err != nil {
		return "", err
	}
	return WritePicture(dir, "reconstructions.png", raw)
}

// DrawReconstructions draws rows of inputs, canonical images and reconstructions, one
// column per image.
func DrawReconstructions(inputs []float32, d trainer.Decoded, sh pipelines.Shape) image.Image {
	n := min(PictureColumns, len(inputs)/sh.Len())
	rows := [][]float32{inputs, d.Canonical, d.Reconstruction}
	names := []string{"input", "canonical", "rebuilt"}
	if len(d.Field) == 0 { // nothing is warped: canonical and reconstruction are one
		rows, names = [][]float32{inputs, d.Reconstruction}, []string{"input", "rebuilt"}
	}
	var all []float32
	var captions []string
	for k, r := range rows {
		all = append(all, r[:n*sh.Len()]...)
		for range n {
			captions = append(captions, names[k])
		}
	}
	return pipelines.Sheet(all, n*len(rows), sh, n, PixelScale(sh), captions)
}

// WriteAdversarial writes three rows: the clean images with their true and their
// predicted class; the smallest example that any attack found of each, with its
// distance and predicted class, or the clean image again where there is none; and
// the difference magnified. The engine must have kept the examples.
func WriteAdversarial(dir string, set attacks.Images, r *Record, sh pipelines.Shape) (string, error) {
	ev := &r.Evaluation
	n, size := min(PictureColumns, set.Len()), sh.Len()
	clean := set.Pixels[:n*size]
	adversarial := slices.Clone(clean)
	captions := make([]string, 3*n)
	for i := range n {
		a := smallestExample(ev, i)
		if a != nil {
			copy(adversarial[i*size:], a.Image)
		}
		captions[i], captions[n+i] = captionClean(r, i), captionExample(r, i, a)
	}
	difference, times := magnifyChange(clean, adversarial)
	for i := range n {
		if smallestExample(ev, i) != nil {
			captions[2*n+i] = fmt.Sprintf("change ×%d", times)
		}
	}
	raw, err := EncodePNG(pipelines.Sheet(slices.Concat(clean, adversarial, difference), 3*n, sh, n, captionedScale(sh), captions))
	if err != nil {
		return "", err
	}
	return WritePicture(dir, "adversarial.png", raw)
}

// captionClean is the true class of image i and the one that is predicted without
// attack.
func captionClean(r *Record, i int) string {
	e := &r.Evaluation
	text := "true: " + pipelines.CaptionOf(r.ClassNames, int(e.Labels[i])) + "\nseen as: " + pipelines.CaptionOf(r.ClassNames, int(e.Clean[i]))
	if !e.Correct(i) {
		text += "\n" + wrongBefore
	}
	return text
}

// captionExample is the class and the distance of the example of image i, or why
// there is none.
func captionExample(r *Record, i int, a *attacks.ImageResult) string {
	switch {
	case !r.Evaluation.Correct(i):
		return wrongBefore
	case a != nil:
		return "seen as: " + pipelines.CaptionOf(r.ClassNames, a.Class) + "\n" + measureOf(r.Evaluation.Norm, r.Evaluation.Threat).distance(a.ThreatDistance)
	case wasAttacked(&r.Evaluation, i):
		return "no example found"
	}
	return "not attacked"
}

// wrongBefore is said of images that were not attacked for this reason: an attack
// that finds nothing there is no merit of the model.
const wrongBefore = "wrong without attack"

// wasAttacked tells whether any attack was run on image i.
func wasAttacked(e *attacks.Evaluation, i int) bool {
	return slices.ContainsFunc(e.Attacks, func(a attacks.AttackResult) bool { return wasRun(a.Results[i]) })
}

// captionedScale is the side of one pixel in a picture whose captions have words.
func captionedScale(sh pipelines.Shape) int {
	const width = 112 // of captions such as wrongBefore
	return max(1, (width+panelCount(sh)*sh.W-1)/max(panelCount(sh)*sh.W, 1))
}

// magnifyChange returns the change of images, grey where there is none, and its
// magnification.
func magnifyChange(clean, changed []float32) ([]float32, int) {
	var largest float32
	for i, v := range changed {
		largest = max(largest, v-clean[i], clean[i]-v)
	}
	times := 1
	if largest > 0 {
		times = min(32, max(1, int(.5/largest)))
	}
	out := make([]float32, len(clean))
	for i, v := range changed {
		out[i] = .5 + float32(times)*(v-clean[i])
	}
	return out, times
}

// smallestExample returns the attempt with the smallest example of image i, of
// those whose images were kept; nil for none.
func smallestExample(ev *attacks.Evaluation, i int) *attacks.ImageResult {
	var best *attacks.ImageResult
	for s := range ev.Attacks {
		if a := &ev.Attacks[s].Results[i]; a.Image != nil && (best == nil || a.ThreatDistance < best.ThreatDistance) {
			best = a
		}
	}
	return best
}
