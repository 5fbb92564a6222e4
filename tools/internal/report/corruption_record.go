package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"unwarp/attacks/checks"
	"unwarp/attacks/corruption"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
	"unwarp/pipelines/npz"
	"unwarp/tools/internal/shell"
)

// CorruptionRecord is a table of corruptions with what is needed to repeat it:
// corruptions.json in the folder that [CorruptionFolder] names.
type CorruptionRecord struct {
	Format int `json:"unwarp_corruptions"` // set by SaveCorruptions
	About
	Table corruption.Table `json:"table"`
	// Relation compares with the reference model of the run Reference; nil without
	// one.
	Relation  *corruption.Relation `json:"relation,omitempty"`
	Reference string               `json:"reference,omitempty"`
	Checks    []checks.Result      `json:"checks"`
	// Label and Predicted are of one image, that of corruptions.npz: its class, and
	// those that the model sees under the kinds, one severity after the other.
	Label     int32   `json:"label"`
	Predicted []int32 `json:"predicted,omitempty"`

	pixels [][]float32
}

const (
	corruptionFile       = "corruptions.json"
	corruptionImagesFile = "corruptions.npz"
)

// SetShown takes in the image to show.
func (r *CorruptionRecord) SetShown(s corruption.Shown) {
	r.Label, r.Predicted, r.pixels = s.Label, s.Predicted, s.Pixels
}

// AddReference compares with the table of a reference model in folder; nil for
// none.
func (r *CorruptionRecord) AddReference(t *corruption.Table, folder string) {
	if t == nil {
		return
	}
	if relation, err := r.Table.Compare(t); err == nil {
		r.Relation, r.Reference = &relation, filepath.Base(filepath.Clean(folder))
	}
}

// SaveCorruptions writes a record and its pictures into a folder. Pictures of
// faces are left out.
func SaveCorruptions(folder string, r CorruptionRecord) error {
	if err := os.MkdirAll(filepath.Join(folder, AttackDir), 0o777); err != nil {
		return fmt.Errorf("corruptions: %w", files.NotWritten(folder, err))
	}
	r.Format = RecordFormat
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("corruptions: %w", err)
	}
	path := filepath.Join(folder, AttackDir, corruptionImagesFile)
	if err := writeFile(filepath.Join(folder, AttackDir, corruptionFile), append(raw, '\n')); err != nil {
		return err
	}
	if ShowsFaces(r.Set) || len(r.pixels) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("corruptions: %s: images of another measurement, not removed: %w", path, files.Cause(err))
		}
		return nil
	}
	var all []float32
	for _, x := range r.pixels {
		all = append(all, x...)
	}
	if raw, err = npz.Encode(npz.Float32("corrupted", all, len(r.pixels), r.Shape[0], r.Shape[1], r.Shape[2])); err != nil {
		return fmt.Errorf("corruptions: %s: %w", path, err)
	}
	return writeFile(path, raw)
}

// LoadCorruptions reads the record in a folder.
func LoadCorruptions(folder string) (CorruptionRecord, error) {
	var r CorruptionRecord
	path := filepath.Join(folder, AttackDir, corruptionFile)
	fail := func(err error) (CorruptionRecord, error) {
		return CorruptionRecord{}, fmt.Errorf("%s: %w: measure with %s", path, err, shell.Unwarp("attack", shell.Operand(filepath.Dir(filepath.Dir(folder))), "--threat", corruption.Name))
	}
	raw, err := readBounded(path, maxRecordBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return fail(errors.New("no corruptions were measured"))
	} else if err != nil {
		return fail(files.Cause(err))
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return fail(fmt.Errorf("want a table of corruptions as unwarp attack writes it: %w", err))
	}
	if err := r.check(); err != nil {
		return fail(err)
	}
	return r, r.readImages(filepath.Join(folder, AttackDir, corruptionImagesFile))
}

// HasCorruptions tells whether a folder holds a record of corruptions.
func HasCorruptions(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, AttackDir, corruptionFile))
	return err == nil
}

// check refuses records that this program cannot have written.
func (r *CorruptionRecord) check() error {
	if r.Format != RecordFormat {
		return fmt.Errorf("want corruptions of format %d, got %d", RecordFormat, r.Format)
	}
	about := Record{About: r.About, Checks: r.Checks}
	if err := firstError(about.checkAbout(), about.checkChecks(), checkRange("table.clean_images", r.Table.CleanImages, maxImages), checkRange("table.clean_correct", r.Table.CleanCorrect, float64(r.Table.CleanImages))); err != nil {
		return err
	}
	const mostKinds, mostSeverities = 1000, 100
	if err := firstError(checkRange("table.kinds", len(r.Table.Kinds), mostKinds), checkRange("table.severities", len(r.Table.Severities), mostSeverities)); err != nil {
		return err
	}
	if n := len(r.Predicted); n > 0 && n != len(r.Table.Kinds)*len(r.Table.Severities) {
		return fieldError("predicted", "a class for each kind and severity", n)
	}
	for _, k := range r.Table.Kinds {
		if len(k.Cells) != len(r.Table.Severities) {
			return fieldError("table.kinds.cells", fmt.Sprintf("%d, one for each severity", len(r.Table.Severities)), len(k.Cells))
		}
		for _, c := range k.Cells {
			if err := firstError(checkRange("table.images", c.Images, maxImages), checkRange("table.correct", c.Correct, float64(c.Images))); err != nil {
				return err
			}
		}
	}
	return r.checkRelation()
}

func (r *CorruptionRecord) checkRelation() error {
	if r.Relation == nil {
		return nil
	}
	if len(r.Relation.CE) != len(r.Table.Kinds) {
		return fieldError("relation.ce", fmt.Sprintf("%d, one for each kind", len(r.Table.Kinds)), len(r.Relation.CE))
	}
	for _, v := range append([]float64{r.Relation.MCE}, r.Relation.CE...) {
		if !(v >= 0) || math.IsInf(v, 0) {
			return fieldError("relation.ce", "ratios of 0 or more", v)
		}
	}
	return nil
}

// readImages reads the pictures; without the file there are none.
func (r *CorruptionRecord) readImages(path string) error {
	if ShowsFaces(r.Set) || len(r.Predicted) == 0 {
		return nil
	}
	raw, err := readLimited(path, mostImageBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	sh := pipelines.Shape{H: r.Shape[0], W: r.Shape[1], C: r.Shape[2]}
	var all map[string]npz.Array
	if err == nil {
		all, err = npz.Decode(raw, mostImageBytes, npz.Want{Name: "corrupted", Kind: npz.KindFloat32, Rows: len(r.Predicted), Row: []int{sh.H, sh.W, sh.C}})
	}
	if x := all["corrupted"].Float32s(); err == nil && len(x) != len(r.Predicted)*sh.Len() {
		err = fmt.Errorf("want %d images, got %d values", len(r.Predicted), len(x))
	}
	if err != nil {
		return fmt.Errorf("%s: want the images of the corruptions: %w: remove the file for a report without pictures", path, files.Cause(err))
	}
	x := all["corrupted"].Float32s()
	for i := range r.Predicted {
		r.pixels = append(r.pixels, x[i*sh.Len():(i+1)*sh.Len()])
	}
	return nil
}
