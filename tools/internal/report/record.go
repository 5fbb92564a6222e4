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
	"unwarp/attacks/certify"
	"unwarp/attacks/checks"
	"unwarp/pipelines/files"
	"unwarp/tools/internal/shell"
)

// AttackDir is the folder of an evaluation in a run folder. It holds
// evaluation.json, a [Record], and images.npz, its [Images].
const (
	AttackDir  = "attack"
	recordFile = "evaluation.json"
	imagesFile = "images.npz"
)

// RecordFormat is the version of evaluation.json.
const RecordFormat = 1

// Record is an evaluation with what is needed to repeat it.
type Record struct {
	Format int `json:"unwarp_evaluation"` // set by Save
	About
	Evaluation attacks.Evaluation `json:"evaluation"`
	Checks     []checks.Result    `json:"checks"`
	// Certificates are what is proven of the images, one for each threat and
	// model of which it is.
	Certificates []certify.Certificate `json:"certificates,omitempty"`
	// Requirements are those of the configuration that are about this evaluation,
	// and whether it meets them.
	Requirements []Requirement `json:"requirements,omitempty"`
	// Bundle is the file with the evidence, nil for none.
	Bundle *BundleFile `json:"bundle,omitempty"`
}

// BundleFile names a file that unwarp verify recomputes.
type BundleFile struct {
	Name   string `json:"name"` // without its folder
	SHA256 string `json:"sha256"`
}

// About says what was evaluated, and how.
type About struct {
	Run        string    `json:"run"`  // its name: the last part of the run folder
	Kind       string    `json:"kind"` // of model: base, reconstruction or disentangled
	Encoder    string    `json:"encoder,omitempty"`
	Checkpoint string    `json:"checkpoint,omitempty"`
	Set        string    `json:"set"`
	Part       string    `json:"part"`                 // train, validation or test
	OtherData  string    `json:"other_data,omitempty"` // how the images differ from that part of the training's set, "" where they do not
	Shape      [3]int    `json:"shape"`                // height, width, channels
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
	Asked      []float32 `json:"asked,omitempty"`  // the radii or sizes that the command asked for; the headline is at one of them
	Shards     int       `json:"shards,omitempty"` // the evaluation was put together from so many; 0 where it was not divided
}

// Save writes r and the pictures into the run folder. Pictures of faces are
// left out.
func Save(run string, r Record, im Images) error {
	dir := filepath.Join(run, AttackDir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("evaluation: %w", files.NotWritten(dir, err))
	}
	r.Format = RecordFormat
	r.Evaluation = Writable(r.Evaluation)
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("evaluation: %s: %w", filepath.Join(dir, recordFile), err)
	}
	if err := writeFile(filepath.Join(dir, recordFile), append(raw, '\n')); err != nil {
		return err
	}
	path := filepath.Join(dir, imagesFile)
	if ShowsFaces(r.Set) || len(im.Clean) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("evaluation: %s: images of another evaluation, not removed: %w", path, files.Cause(err))
		}
		return nil
	}
	if raw, err = im.encode(); err != nil {
		return fmt.Errorf("evaluation: %s: %w", path, err)
	}
	return writeFile(path, raw)
}

func writeFile(path string, raw []byte) error {
	if err := files.Write(path, raw); err != nil {
		return fmt.Errorf("evaluation: %w", err)
	}
	return nil
}

// Writable returns ev as JSON can hold it, with the same counts when it is
// read again: traces end before the first loss that is not finite, invalid
// distances become those of nothing found, and a distance that exceeds a radius
// only by rounding becomes that radius.
func Writable(ev attacks.Evaluation) attacks.Evaluation {
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
			if i >= PictureColumns {
				a.Field = nil // as the images are
			}
			a.LossCurve, a.Effort = a.LossCurve[:finitePrefix(a.LossCurve)], writableEffort(a.Effort)
			results[i] = a
		}
		ev.Attacks[s].Results = results
	}
	return ev
}

// writableEffort returns e with measures that are numbers: 0 for what is none.
func writableEffort(e *attacks.Effort) *attacks.Effort {
	if e == nil {
		return nil
	}
	f := *e
	for _, m := range []*attacks.Measure{&f.Moved, &f.Rise, &f.First} {
		if v := float64(*m); math.IsNaN(v) || math.IsInf(v, 0) {
			*m = 0
		}
	}
	return &f
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
		return Record{}, Images{}, fmt.Errorf("%s: want a run folder, as unwarp train names it: %w", run, files.Cause(err))
	} else if !info.IsDir() {
		return Record{}, Images{}, fmt.Errorf("%s: want a run folder, as unwarp train names it, got a file", run)
	}
	raw, err := readBounded(path, maxRecordBytes)
	if errors.Is(err, fs.ErrNotExist) {
		if left, _ := filepath.Glob(filepath.Join(run, AttackDir, "*.jsonl")); len(left) > 0 {
			return fail(errors.New("the evaluation in this folder is not finished: give the command that began it once more, with --resume"))
		}
		return fail(fmt.Errorf("there is no evaluation in this folder: make it with %s", attackCommand(run)))
	} else if err != nil {
		return fail(files.Cause(err))
	}
	if r, err = ParseRecord(raw); err != nil {
		return fail(fmt.Errorf("%w: make it anew with %s", err, attackCommand(run)))
	}
	im, err := r.images(filepath.Join(run, AttackDir, imagesFile))
	return r, im, err
}

// ParseRecord reads an evaluation.json. What this program cannot have written is an
// error.
func ParseRecord(raw []byte) (r Record, err error) {
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("want an evaluation as unwarp attack writes it: %w", err)
	}
	return r, r.check()
}

// attackCommand is what a user types to evaluate the run in a folder.
func attackCommand(run string) string { return shell.Unwarp("attack", shell.Operand(run)) }

// readBounded reads a file of at most so many bytes.
func readBounded(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > most {
		return nil, fmt.Errorf("want a file of at most %d MB, got %d MB", most>>20, info.Size()>>20)
	} else if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
