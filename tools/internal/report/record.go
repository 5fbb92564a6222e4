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
	"time"

	"unwarp/attacks"
	"unwarp/attacks/checks"
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

// Record is an evaluation with what is needed to repeat it.
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
	Precision  string    `json:"precision"` // of gradients; successes are always verified in float32
	Date       time.Time `json:"date"`
	Command    string    `json:"command"`
}

// Save writes r and the pictures into the run folder. Pictures of faces are
// left out.
func Save(run string, r Record, im Images) error {
	dir := filepath.Join(run, AttackDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("evaluation: folder %s: not made: %w", dir, causeOf(err))
	}
	r.Format = recordFormat
	r.Evaluation = makeWritable(r.Evaluation)
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("evaluation: %s: %w", filepath.Join(dir, recordFile), err)
	}
	if err := writeFile(filepath.Join(dir, recordFile), append(raw, '\n')); err != nil {
		return err
	}
	path := filepath.Join(dir, imagesFile)
	if showsFaces(r.Set) || len(im.Clean) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("evaluation: %s: images of another evaluation, not removed: %w", path, causeOf(err))
		}
		return nil
	}
	if raw, err = im.encode(); err != nil {
		return fmt.Errorf("evaluation: %s: %w", path, err)
	}
	return writeFile(path, raw)
}

func writeFile(path string, raw []byte) error {
	if err := trainer.WriteFile(path, raw); err != nil {
		return fmt.Errorf("evaluation: %s: not written: %w: free space or choose another folder", path, causeOf(err))
	}
	return nil
}

// causeOf returns err without the path, which may be that of a temporary file.
func causeOf(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// makeWritable returns ev as JSON can hold it, with the same counts when it is
// read again: traces end before the first loss that is not finite, invalid
// distances become those of nothing found, and a distance that exceeds a radius
// only by rounding becomes that radius.
func makeWritable(ev attacks.Evaluation) attacks.Evaluation {
	fresh := ev
	ev.Attacks = slices.Clone(ev.Attacks)
	for s := range ev.Attacks {
		results := slices.Clone(ev.Attacks[s].Results)
		for i, a := range results {
			for _, eps := range ev.Radii {
				if float64(a.ThreatDistance) > float64(eps) && fresh.Misclassified(s, i, eps) {
					a.ThreatDistance = attacks.Distance(eps)
				}
			}
			a.Distance, a.ThreatDistance = validDistance(a.Distance), validDistance(a.ThreatDistance)
			a.LossCurve = a.LossCurve[:finitePrefix(a.LossCurve)]
			results[i] = a
		}
		ev.Attacks[s].Results = results
	}
	return ev
}

// validDistance returns d, or the distance of nothing found if d is negative or
// not a number.
func validDistance(d attacks.Distance) attacks.Distance {
	if !(d >= 0) {
		return attacks.Distance(math.Inf(1))
	}
	return d
}

// finitePrefix returns the length of the longest prefix of x that is finite.
func finitePrefix(x []float32) int {
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
		return Record{}, Images{}, fmt.Errorf("%s: want a run folder, as unwarp train names it: %w", run, causeOf(err))
	} else if !info.IsDir() {
		return Record{}, Images{}, fmt.Errorf("%s: want a run folder, as unwarp train names it, got a file", run)
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fail(fmt.Errorf("there is no evaluation in this folder: make it with unwarp attack %s", run))
	} else if err != nil {
		return fail(causeOf(err))
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

// check refuses records whose lists have different lengths: they would be indexed
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
		if e.Correct(i) {
			right++
		}
	}
	if right != e.CleanCorrect {
		return fmt.Errorf("want %d images right without attack, as the classes say, got %d", right, e.CleanCorrect)
	}
	for _, s := range e.Attacks {
		if len(s.Results) != e.Images {
			return fmt.Errorf("attack %q: want an attempt for each of %d images, got %d", s.Attack, e.Images, len(s.Results))
		}
		for _, a := range s.Results {
			if len(a.Tried) > len(s.Radii) {
				return fmt.Errorf("attack %q: want at most one mark for each of %d radii, got %q", s.Attack, len(s.Radii), a.Tried)
			}
		}
	}
	return nil
}
