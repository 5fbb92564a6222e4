package report

import (
	"bytes"
	"fmt"
	"image/png"
	"path/filepath"
	"strings"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// PicturesDir is the folder of pictures in a run folder.
const PicturesDir = "pictures"

// Columns is how many images a picture shows.
const Columns = 10

// Reconstructions writes rows of inputs, canonical ("unwarped") images and
// reconstructions, one column per image.
func Reconstructions(dir string, inputs []float32, d trainer.Decoded, sh pipelines.Shape) (string, error) {
	n := min(Columns, len(inputs)/sh.Len())
	rows := [][]float32{inputs, d.Canonical, d.Reconstruction}
	captions := []string{"input", "canonical", "rebuilt"}
	if len(d.Field) == 0 { // nothing is warped: canonical and reconstruction are one
		rows, captions = [][]float32{inputs, d.Reconstruction}, []string{"input", "rebuilt"}
	}
	return write(filepath.Join(dir, PicturesDir, "reconstructions.png"), rows, captions, n, sh)
}

// Adversarial writes the clean images and, for the strongest attack at each
// eps, what it made of them, with the class that the model then sees.
func Adversarial(dir string, set attacks.Set, r attacks.Report, sh pipelines.Shape) (string, error) {
	n := min(Columns, set.Len())
	var all []float32
	var captions []string
	row := func(pixels []float32, caption func(i int) string) {
		all = append(all, pixels[:n*sh.Len()]...)
		for i := range n {
			captions = append(captions, caption(i))
		}
	}
	row(set.Pixels, func(i int) string { return fmt.Sprintf("clean: %d", r.Clean[i]) })
	for _, e := range r.Radii() {
		var best *attacks.Outcome
		for i := range r.Outcomes {
			o := &r.Outcomes[i]
			if o.Eps == e && o.Adversarial != nil && (best == nil || o.Broken > best.Broken) {
				best = o
			}
		}
		if best != nil {
			row(best.Adversarial, func(i int) string {
				return fmt.Sprintf("eps %s: %d", strings.TrimPrefix(fmt.Sprintf("%.3g", e), "0"), best.Classes[i])
			})
		}
	}
	return encode(filepath.Join(dir, PicturesDir, "adversarial.png"), all, len(all)/sh.Len(), n, captions, sh)
}

func write(path string, rows [][]float32, names []string, n int, sh pipelines.Shape) (string, error) {
	var all []float32
	var captions []string
	for k, r := range rows {
		all = append(all, r[:n*sh.Len()]...)
		for range n {
			captions = append(captions, names[k])
		}
	}
	return encode(path, all, n*len(rows), n, captions, sh)
}

func encode(path string, images []float32, n, columns int, captions []string, sh pipelines.Shape) (string, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, pipelines.Sheet(images, n, sh, columns, Scale(sh), captions)); err != nil {
		return "", fmt.Errorf("picture %s: %w", path, err)
	}
	if err := trainer.WriteFile(path, b.Bytes()); err != nil {
		return "", fmt.Errorf("picture %s: cannot be written: %w", path, err)
	}
	return path, nil
}
