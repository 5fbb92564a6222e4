package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/pipelines"
	"unwarp/tools/internal/npz"
	"unwarp/trainer"
)

// AttackDir is the folder of an evaluation in a run folder. It holds
// evaluation.json, a [Record], and images.npz, its [Images].
const (
	AttackDir  = "attack"
	recordFile = "evaluation.json"
	imagesFile = "images.npz"
)

// recordFormat is the version of evaluation.json.
const recordFormat = 1

// Record is an evaluation with all that is needed to repeat it.
type Record struct {
	Format int `json:"unwarp_evaluation"` // set by Save
	About
	Evaluation attacks.Evaluation `json:"evaluation"`
	Checks     []checks.Result    `json:"checks"`
}

// About says what was evaluated, and how.
type About struct {
	Run        string    `json:"run"`  // its name: the last part of the run folder
	Kind       string    `json:"kind"` // of model: base, reconstruction or disentangled
	Encoder    string    `json:"encoder,omitempty"`
	Checkpoint string    `json:"checkpoint,omitempty"`
	Set        string    `json:"set"`
	Part       string    `json:"part"`  // train, validation or test
	Shape      [3]int    `json:"shape"` // height, width, channels
	Classes    int       `json:"classes"`
	ClassNames []string  `json:"class_names,omitempty"`
	ModelHash  string    `json:"model_hash"`
	DataHash   string    `json:"data_hash"`
	Version    string    `json:"version"` // of unwarp
	TensorFlow string    `json:"tensorflow"`
	Machine    string    `json:"machine"` // processor, cores, device
	Seed       uint64    `json:"seed"`
	Precision  string    `json:"precision"` // of gradients; the referee's is always float32
	Date       time.Time `json:"date"`
	Command    string    `json:"command"`
}

// Images are the pictures of a report: some clean images, and the smallest
// example that each attack found of them.
type Images struct {
	Shape pipelines.Shape
	Clean [][]float32 // [k], each H*W*C
	// Adversarial holds, for each series, one image for each of Clean; nil
	// where the attack found none.
	Adversarial [][][]float32
}

// faces tells data sets whose images must not be copied into reports: they
// show people who were not asked.
func faces(set string) bool { return strings.HasPrefix(strings.ToLower(set), "facescrub") }

// Kept gathers the pictures of the first images, of those that the engine kept
// (attacks.Options.Keep).
func Kept(set attacks.Set, ev *attacks.Evaluation, sh pipelines.Shape) Images {
	im := Images{Shape: sh, Adversarial: make([][][]float32, len(ev.Series))}
	k := min(Columns, set.Len())
	for i := range k {
		im.Clean = append(im.Clean, set.Pixels[i*sh.Len():(i+1)*sh.Len()])
	}
	for s, series := range ev.Series {
		im.Adversarial[s] = make([][]float32, k)
		for i := range min(k, len(series.Attempts)) {
			im.Adversarial[s][i] = series.Attempts[i].Image
		}
	}
	return im
}

// Save writes r and the pictures into the run folder. Pictures of faces are
// left out.
func Save(run string, r Record, im Images) error {
	dir := filepath.Join(run, AttackDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("evaluation: folder %s: not made: %w", dir, cause(err))
	}
	r.Format = recordFormat
	r.Evaluation = writable(r.Evaluation)
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("evaluation: %s: %w", filepath.Join(dir, recordFile), err)
	}
	if err := save(filepath.Join(dir, recordFile), append(raw, '\n')); err != nil {
		return err
	}
	path := filepath.Join(dir, imagesFile)
	if faces(r.Set) || len(im.Clean) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("evaluation: %s: images of another evaluation, not removed: %w", path, cause(err))
		}
		return nil
	}
	if raw, err = im.encode(); err != nil {
		return fmt.Errorf("evaluation: %s: %w", path, err)
	}
	return save(path, raw)
}

func save(path string, raw []byte) error {
	if err := trainer.WriteFile(path, raw); err != nil {
		return fmt.Errorf("evaluation: %s: not written: %w: free space or choose another folder", path, cause(err))
	}
	return nil
}

// cause is err without the path, which may be that of a temporary file.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// writable is ev as JSON can hold it, with the same counts when it is read
// again: traces end before the first loss that is not a number, distances that
// are none become those of nothing found, and a reach beyond a radius that
// counts as within it by rounding becomes that radius.
func writable(ev attacks.Evaluation) attacks.Evaluation {
	fresh := ev
	ev.Series = slices.Clone(ev.Series)
	for s := range ev.Series {
		attempts := slices.Clone(ev.Series[s].Attempts)
		for i, a := range attempts {
			for _, eps := range ev.Radii {
				if float64(a.Reach) > float64(eps) && fresh.Breaks(s, i, eps) {
					a.Reach = attacks.Far(eps)
				}
			}
			a.Distance, a.Reach = number(a.Distance), number(a.Reach)
			a.Trace = a.Trace[:finite(a.Trace)]
			attempts[i] = a
		}
		ev.Series[s].Attempts = attempts
	}
	return ev
}

// number is d, or the distance of nothing found where it is none.
func number(d attacks.Far) attacks.Far {
	if !(d >= 0) {
		return attacks.Far(math.Inf(1))
	}
	return d
}

// finite is the length of the longest beginning of x that holds only numbers.
func finite(x []float32) int {
	for i, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return i
		}
	}
	return len(x)
}

// Load reads the evaluation in a run folder.
func Load(run string) (Record, Images, error) {
	var r Record
	path := filepath.Join(run, AttackDir, recordFile)
	fail := func(err error) (Record, Images, error) {
		return Record{}, Images{}, fmt.Errorf("%s: %w", path, err)
	}
	if info, err := os.Stat(run); err != nil {
		return Record{}, Images{}, fmt.Errorf("%s: want a run folder, as unwarp train names it: %w", run, cause(err))
	} else if !info.IsDir() {
		return Record{}, Images{}, fmt.Errorf("%s: want a run folder, as unwarp train names it, got a file", run)
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fail(fmt.Errorf("there is no evaluation in this folder: make it with unwarp attack %s", run))
	} else if err != nil {
		return fail(cause(err))
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return fail(fmt.Errorf("want an evaluation as unwarp attack writes it: %w: make it anew with unwarp attack %s", err, run))
	}
	if err := r.check(); err != nil {
		return fail(fmt.Errorf("%w: make it anew with unwarp attack %s", err, run))
	}
	im, err := r.images(filepath.Join(run, AttackDir, imagesFile))
	return r, im, err
}

// check refuses records whose lists do not fit together: they would be read
// out of range.
func (r *Record) check() error {
	if r.Format != recordFormat {
		return fmt.Errorf("want an evaluation of format %d, got %d", recordFormat, r.Format)
	}
	e := &r.Evaluation
	if e.Images < 0 || len(e.Labels) != e.Images || len(e.Clean) != e.Images || len(e.Index) != e.Images {
		return fmt.Errorf("want a label, a class and an index for each of %d images, got %d, %d and %d", e.Images, len(e.Labels), len(e.Clean), len(e.Index))
	}
	right := 0
	for i := range e.Images {
		if e.Right(i) {
			right++
		}
	}
	if right != e.CleanRight {
		return fmt.Errorf("want %d images right without attack, as the classes say, got %d", right, e.CleanRight)
	}
	for _, s := range e.Series {
		if len(s.Attempts) != e.Images {
			return fmt.Errorf("attack %q: want an attempt for each of %d images, got %d", s.Attack, e.Images, len(s.Attempts))
		}
		for _, a := range s.Attempts {
			if len(a.Tried) > len(s.Radii) {
				return fmt.Errorf("attack %q: want at most one mark for each of %d radii, got %q", s.Attack, len(s.Radii), a.Tried)
			}
		}
	}
	return nil
}

// encode is images.npz: clean [k,H,W,C]; adversarial [M,H,W,C] with series [M]
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

// images reads images.npz; no file is no images.
func (r *Record) images(path string) (Images, error) {
	im := Images{Shape: pipelines.Shape{H: r.Shape[0], W: r.Shape[1], C: r.Shape[2]}}
	if faces(r.Set) {
		return im, nil
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return im, nil
	}
	if err == nil {
		err = im.decode(raw, len(r.Evaluation.Series), r.Evaluation.Images)
	}
	if err != nil {
		return im, fmt.Errorf("%s: want the images of the evaluation: %w: remove the file for a report without pictures", path, cause(err))
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
