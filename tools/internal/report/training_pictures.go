package report

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"path/filepath"
	"strconv"

	"unwarp/pipelines"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/drawing"
	"unwarp/tools/internal/printable"
	"unwarp/trainer"
)

// MistakesShown is the number of mistakes of a picture.
const MistakesShown = 20

// DrawConfusion draws the confusion matrix of a part of the data; nil for classes of
// which no matrix can be drawn.
func DrawConfusion(part string, names []string, e trainer.Evaluation) image.Image {
	if len(e.Confusion) > drawing.MostConfused {
		return nil
	}
	c := drawing.Confusion{Title: fmt.Sprintf("%s: %.2f %% of %s classified correctly", part, 100*e.Accuracy, printable.Count(e.Images, "image")), Counts: e.Confusion}
	for k := range e.Confusion {
		c.Names = append(c.Names, pipelines.CaptionOf(names, k))
	}
	return c.Draw()
}

// DrawMistakes draws the worst mistakes on a part of the data, which is src: with the
// probabilities of the predicted and of the true class, and the file. nil without
// mistakes.
func DrawMistakes(part string, e trainer.Evaluation, worst []trainer.Mistake, src pipelines.Source, sh pipelines.Shape) image.Image {
	if len(worst) == 0 {
		return nil
	}
	names := pipelines.ClassNames(src)
	var all []drawing.Captioned
	for _, m := range worst {
		all = append(all, drawing.Captioned{Image: m.Image, Lines: []string{
			fmt.Sprintf("seen: %.1f %% %s", 100*m.Probability, pipelines.CaptionOf(names, m.Class)),
			fmt.Sprintf("true: %.1f %% %s", 100*m.OfLabel, pipelines.CaptionOf(names, m.Label)),
			imageName(src, m.Index),
		}})
	}
	wrong := 0
	for k, row := range e.Confusion {
		for j, n := range row {
			if j != k {
				wrong += n
			}
		}
	}
	title := fmt.Sprintf("%s: the worst of %s on %s", part, printable.Count(wrong, "mistake"), printable.Count(e.Images, "image"))
	if wrong <= len(worst) {
		title = fmt.Sprintf("%s: the mistakes on %s", part, printable.Count(e.Images, "image"))
	}
	const columns = 5
	return drawing.DrawGallery(title, all, sh, columns)
}

// imageName is the name of the file of an image, or where it has none that a picture
// can show its number.
func imageName(src pipelines.Source, i int) string {
	name := filepath.Base(pipelines.FileName(src, i))
	if shown := pipelines.CaptionOf([]string{name}, 0); pipelines.FileName(src, i) != "" && (shown != "0" || name == "0") {
		return shown
	}
	return "image " + strconv.Itoa(i)
}

// EncodePNG is the picture as a file.
func EncodePNG(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}

// WritePicture writes a file of a run folder's pictures.
func WritePicture(dir, name string, raw []byte) (string, error) {
	path := filepath.Join(dir, PicturesDir, name)
	if err := files.Write(path, raw); err != nil {
		return "", fmt.Errorf("picture %w", err)
	}
	return path, nil
}
