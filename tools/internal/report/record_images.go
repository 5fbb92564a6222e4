package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
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

// ShowsFaces tells whether the images of a data set must not be copied into
// reports: they show people who did not consent.
func ShowsFaces(set string) bool { return strings.HasPrefix(strings.ToLower(set), "facescrub") }

// mostImageBytes is the most that the images of a record take: a report of
// several runs holds those of all.
const mostImageBytes = 1 << 28

// KeepImages returns the pictures of the first images, of those that the engine kept
// (engine.Options.Keep).
func KeepImages(set attacks.Images, ev *attacks.Evaluation, sh pipelines.Shape) Images {
	im := Images{Shape: sh, Adversarial: make([][][]float32, len(ev.Attacks))}
	k := min(PictureColumns, set.Len(), mostImageBytes/(4*sh.Len()*(1+len(ev.Attacks))))
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
	if ShowsFaces(r.Set) {
		return im, nil
	}
	raw, err := readLimited(path, mostImageBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return im, nil
	}
	if side := 1 << 16; err == nil && (min(im.Shape.H, im.Shape.W, im.Shape.C) < 1 || max(im.Shape.H, im.Shape.W, im.Shape.C) > side) {
		err = fmt.Errorf("want images of 1 to %d pixels a side, got %v", side, im.Shape)
	}
	if err == nil {
		err = im.decode(raw, len(r.Evaluation.Attacks), r.Evaluation.Images)
	}
	if err != nil {
		return im, fmt.Errorf("%s: want the images of the evaluation: %w: remove the file for a report without pictures", path, files.Cause(err))
	}
	return im, nil
}

// readLimited reads a regular file of at most most bytes.
func readLimited(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("want a regular file of at most %d bytes, got %v of %d", most, info.Mode().Type(), info.Size())
	}
	return os.ReadFile(path)
}

func (im *Images) decode(raw []byte, series, images int) error {
	sh, size := im.Shape, im.Shape.Len()
	images = max(0, min(images, mostImageBytes/max(1, 4*size))) // more cannot be read
	pairs := max(0, min(series, mostImageBytes)) * images
	all, err := npz.Decode(raw, mostImageBytes,
		npz.Want{Name: "clean", Kind: npz.KindFloat32, Rows: images, Row: []int{sh.H, sh.W, sh.C}},
		npz.Want{Name: "adversarial", Kind: npz.KindFloat32, Rows: pairs, Row: []int{sh.H, sh.W, sh.C}},
		npz.Want{Name: "series", Kind: npz.KindInt32, Rows: pairs},
		npz.Want{Name: "image", Kind: npz.KindInt32, Rows: pairs})
	if err != nil {
		return err
	}
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
