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

// Adversarial writes three rows: the clean images; of each the smallest
// example that any attack found, with its size and the class that the model
// then sees, or the clean image again where none was found; and the difference
// magnified. The engine must have kept the examples.
func Adversarial(dir string, set attacks.Set, ev *attacks.Evaluation, sh pipelines.Shape) (string, error) {
	n, size := min(Columns, set.Len()), sh.Len()
	clean := set.Pixels[:n*size]
	broken := slices.Clone(clean)
	captions := make([]string, 2*n)
	for i := range n {
		captions[i], captions[n+i] = fmt.Sprintf("clean: %d", ev.Clean[i]), "none found"
		if a := smallest(ev, i); a != nil {
			copy(broken[i*size:], a.Image)
			captions[n+i] = fmt.Sprintf("%s: %d", strings.TrimPrefix(fmt.Sprintf("%.2g", a.Reach), "0"), a.Class)
		}
	}
	difference, times := magnified(clean, broken)
	for range n {
		captions = append(captions, fmt.Sprintf("change x%d", times))
	}
	return encode(filepath.Join(dir, PicturesDir, "adversarial.png"), slices.Concat(clean, broken, difference), 3*n, n, captions, sh)
}

// magnified is the change of images, grey where there is none, and how many
// times it is drawn.
func magnified(clean, changed []float32) ([]float32, int) {
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

// smallest is the attempt that found the smallest example of image i, of those
// whose images were kept; nil for none.
func smallest(ev *attacks.Evaluation, i int) *attacks.Attempt {
	var best *attacks.Attempt
	for s := range ev.Series {
		if a := &ev.Series[s].Attempts[i]; a.Image != nil && (best == nil || a.Reach < best.Reach) {
			best = a
		}
	}
	return best
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
