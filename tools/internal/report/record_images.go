package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/pipelines/npz"
)

// Images are the pictures of a report: some clean images, and the smallest
// example that each attack found of them.
type Images struct {
	Shape pipelines.Shape
	Clean [][]float32 // [k], each H*W*C
	// WriteAdversarial holds, for each series, one image for each of Clean; nil
	// where the attack found none.
	Adversarial [][][]float32
}

// showsFaces tells whether the images of a data set must not be copied into
// reports: they show people who did not consent.
func showsFaces(set string) bool { return strings.HasPrefix(strings.ToLower(set), "facescrub") }

// KeepImages returns the pictures of the first images, of those that the engine kept
// (engine.Options.Keep).
func KeepImages(set attacks.Images, ev *attacks.Evaluation, sh pipelines.Shape) Images {
	im := Images{Shape: sh, Adversarial: make([][][]float32, len(ev.Attacks))}
	k := min(PictureColumns, set.Len())
	for i := range k {
		im.Clean = append(im.Clean, set.Pixels[i*sh.Len():(i+1)*sh.Len()])
	}
	for s, series := range ev.Attacks {
		im.Adversarial[s] = make([][]float32, k)
		for i := range min(k, len(series.Results)) {
			im.Adversarial[s][i] = series.Results[i].Image
		}
	}
	return im
}

// encode returns images.npz: clean [k,H,W,C]; adversarial [M,H,W,C] with series [M]
// and image [M], their places in the evaluation.
func (im Images) encode() ([]byte, error) {
	var clean, adversarial []float32
	var series, image []int32
	for _, x := range im.Clean {
		clean = append(clean, x...)
	}
	for s, row := range im.Adversarial {
		for i, x := range row {
			if x != nil {
				adversarial = append(adversarial, x...)
				series, image = append(series, int32(s)), append(image, int32(i))
			}
		}
	}
	sh, m := im.Shape, len(series)
	return npz.Encode(
		npz.Float32("clean", clean, len(im.Clean), sh.H, sh.W, sh.C),
		npz.Float32("adversarial", adversarial, m, sh.H, sh.W, sh.C),
		npz.Int32("series", series, m),
		npz.Int32("image", image, m),
	)
}

// images reads images.npz; without the file there are no images.
func (r *Record) images(path string) (Images, error) {
	im := Images{Shape: pipelines.Shape{H: r.Shape[0], W: r.Shape[1], C: r.Shape[2]}}
	if showsFaces(r.Set) {
		return im, nil
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return im, nil
	}
	if err == nil {
		err = im.decode(raw, len(r.Evaluation.Attacks), r.Evaluation.Images)
	}
	if err != nil {
		return im, fmt.Errorf("%s: want the images of the evaluation: %w: remove the file for a report without pictures", path, causeOf(err))
	}
	return im, nil
}

func (im *Images) decode(raw []byte, series, images int) error {
	all, err := npz.Decode(raw)
	if err != nil {
		return err
	}
	size := im.Shape.Len()
	clean, adversarial := all["clean"].Float32s(), all["adversarial"].Float32s()
	which, place := all["series"].Int32s(), all["image"].Int32s()
	if size < 1 || len(clean)%size != 0 || len(clean)/size > images || len(adversarial) != len(which)*size || len(which) != len(place) {
		return fmt.Errorf("want whole images of %v with a series and a place each, got %d, %d, %d and %d values", im.Shape, len(clean), len(adversarial), len(which), len(place))
	}
	for from := 0; from < len(clean); from += size {
		im.Clean = append(im.Clean, clean[from:from+size])
	}
	im.Adversarial = make([][][]float32, series)
	for s := range im.Adversarial {
		im.Adversarial[s] = make([][]float32, len(im.Clean))
	}
	for m, s := range which {
		i := place[m]
		if s < 0 || int(s) >= series || i < 0 || int(i) >= len(im.Clean) {
			return fmt.Errorf("want places of %d attacks and %d images, got %d and %d", series, len(im.Clean), s, i)
		}
		im.Adversarial[s][i] = adversarial[m*size : (m+1)*size]
	}
	return nil
}
