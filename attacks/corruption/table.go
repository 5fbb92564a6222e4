package corruption

import (
	"fmt"
	"math"
	"slices"
)

// Table is how many images a classifier gets right under each kind and severity.
type Table struct {
	Choice       string `json:"choice"` // as [Parse] reads it
	Source       string `json:"source"` // where the corrupted images come from
	CleanImages  int    `json:"clean_images"`
	CleanCorrect int    `json:"clean_correct"` // without corruption
	Severities   []int  `json:"severities"`    // ascending
	Kinds        []Kind `json:"kinds"`
}

// Kind is a row of a table.
type Kind struct {
	Name  string `json:"kind"`
	Cells []Cell `json:"cells"` // one for each severity
}

// Cell is the result under one kind in one severity.
type Cell struct {
	Images  int `json:"images"` // 0: not measured yet
	Correct int `json:"correct"`
}

// Error is the share of a cell's images that are misclassified.
func (c Cell) Error() float64 { return 1 - float64(c.Correct)/float64(max(1, c.Images)) }

// CleanError is the error without corruption.
func (t *Table) CleanError() float64 { return Cell{t.CleanImages, t.CleanCorrect}.Error() }

// MeanError of a kind is the mean over its severities.
func (k Kind) MeanError() float64 {
	var sum float64
	for _, c := range k.Cells {
		sum += c.Error()
	}
	return sum / float64(max(1, len(k.Cells)))
}

// MeanError is the mean over all kinds and severities: the mean corruption error
// of CIFAR-10-C, which divides by no reference model's.
func (t *Table) MeanError() float64 {
	var sum float64
	for _, k := range t.Kinds {
		sum += k.MeanError()
	}
	return sum / float64(max(1, len(t.Kinds)))
}

// Worst is the cell with the largest error, and its place.
func (t *Table) Worst() (kind, severity int) {
	most := math.Inf(-1)
	for k, row := range t.Kinds {
		for s, c := range row.Cells {
			if e := c.Error(); e > most {
				most, kind, severity = e, k, s
			}
		}
	}
	return kind, severity
}

// Done tells whether each cell was measured.
func (t *Table) Done() bool {
	return !slices.ContainsFunc(t.Kinds, func(k Kind) bool {
		return slices.ContainsFunc(k.Cells, func(c Cell) bool { return c.Images == 0 })
	})
}

// Relation compares a table with that of a reference model (Hendrycks and
// Dietterich 2019, section 4.1).
type Relation struct {
	// CE is of each kind the sum of errors over the severities as a share of the
	// reference's; MCE is their mean, the mean corruption error.
	CE  []float64 `json:"ce"`
	MCE float64   `json:"mce"`
	// Relative is the relative mCE, of errors above those without corruption; nil
	// where the reference loses nothing under some kind.
	Relative *float64 `json:"relative_mce,omitempty"`
}

// Compare relates t to the table of a reference model, of the same kinds and
// severities of the same source.
func (t *Table) Compare(reference *Table) (Relation, error) {
	var r Relation
	if t.Source != reference.Source || !slices.Equal(t.Severities, reference.Severities) || t.CleanImages != reference.CleanImages {
		return r, fmt.Errorf("want a reference of the same corruptions (%s, severities %v, %d images), got %s, %v, %d", t.Source, t.Severities, t.CleanImages, reference.Source, reference.Severities, reference.CleanImages)
	}
	relative, known := 0., true
	for _, k := range t.Kinds {
		i := slices.IndexFunc(reference.Kinds, func(o Kind) bool { return o.Name == k.Name })
		if i < 0 {
			return r, fmt.Errorf("want a reference that was measured under %s too", k.Name)
		}
		other := reference.Kinds[i].MeanError()
		if other == 0 {
			return r, fmt.Errorf("want a reference that errs under %s: its error is what others are divided by", k.Name)
		}
		r.CE = append(r.CE, k.MeanError()/other)
		r.MCE += k.MeanError() / other / float64(len(t.Kinds))
		if lost := other - reference.CleanError(); lost > 0 {
			relative += (k.MeanError() - t.CleanError()) / lost / float64(len(t.Kinds))
		} else {
			known = false
		}
	}
	if known {
		r.Relative = &relative
	}
	return r, nil
}
