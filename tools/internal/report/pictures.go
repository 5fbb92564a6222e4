package report

import (
	"bytes"
	"fmt"
	"image/png"
	"path/filepath"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// PicturesDir is the folder of pictures in a run folder.
const PicturesDir = "pictures"

// PictureColumns is the number of images in a row of a picture.
const PictureColumns = 10

// WriteReconstructions writes rows of inputs, canonical images and reconstructions, one
// column per image.
func WriteReconstructions(dir string, inputs []float32, d trainer.Decoded, sh pipelines.Shape) (string, error) {
	n := min(PictureColumns, len(inputs)/sh.Len())
	rows := [][]float32{inputs, d.Canonical, d.Reconstruction}
	captions := []string{"input", "canonical", "rebuilt"}
	if len(d.Field) == 0 { // nothing is warped: canonical and reconstruction are one
		rows, captions = [][]float32{inputs, d.Reconstruction}, []string{"input", "rebuilt"}
	}
	return writeRows(filepath.Join(dir, PicturesDir, "reconstructions.png"), rows, captions, n, sh)
}

// WriteAdversarial writes three rows: the clean images; the smallest example that any
// attack found of each, with its size and predicted class, or the clean image
// again where none was found; and the difference magnified. The engine must have
// kept the examples.
func WriteAdversarial(dir string, set attacks.Images, ev *attacks.Evaluation, sh pipelines.Shape) (string, error) {
	n, size := min(PictureColumns, set.Len()), sh.Len()
	clean := set.Pixels[:n*size]
	adversarial := slices.Clone(clean)
	captions := make([]string, 2*n)
	for i := range n {
		captions[i], captions[n+i] = fmt.Sprintf("clean: %d", ev.Clean[i]), "none found"
		if a := smallestExample(ev, i); a != nil {
			copy(adversarial[i*size:], a.Image)
			captions[n+i] = fmt.Sprintf("%s: %d", strings.TrimPrefix(fmt.Sprintf("%.2g", a.ThreatDistance), "0"), a.Class)
		}
	}
	difference, times := magnifyChange(clean, adversarial)
	for range n {
		captions = append(captions, fmt.Sprintf("change x%d", times))
	}
	return writeSheet(filepath.Join(dir, PicturesDir, "adversarial.png"), slices.Concat(clean, adversarial, difference), 3*n, n, captions, sh)
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

func writeRows(path string, rows [][]float32, names []string, n int, sh pipelines.Shape) (string, error) {
	var all []float32
	var captions []string
	for k, r := range rows {
		all = append(all, r[:n*sh.Len()]...)
		for range n {
			captions = append(captions, names[k])
		}
	}
	return writeSheet(path, all, n*len(rows), n, captions, sh)
}

func writeSheet(path string, images []float32, n, columns int, captions []string, sh pipelines.Shape) (string, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, pipelines.Sheet(images, n, sh, columns, PixelScale(sh), captions)); err != nil {
		return "", fmt.Errorf("picture %s: %w", path, err)
	}
	if err := trainer.WriteFile(path, b.Bytes()); err != nil {
		return "", fmt.Errorf("picture %s: cannot be written: %w", path, err)
	}
	return path, nil
}
