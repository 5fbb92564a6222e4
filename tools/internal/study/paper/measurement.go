package paper

import (
	"fmt"
	"slices"
	"strings"
)

// Measurement is one evaluation of a run: attacks at the same radii on the same
// images, behind the same defence.
type Measurement struct {
	Name    string // of its folder: the table's, with what sets it apart
	Cells   []Cell
	Images  int // to attack, 0 for all
	Defence string
}

// Measurements are the evaluations that a table takes of an arm. Cells without an
// attack need none: every run has its accuracies.
func (t Table) Measurements(arm string, b Budget) (all []Measurement) {
	mixed := slices.ContainsFunc(t.cells(), func(c Cell) bool { return c.Eps > 0 })
	for _, c := range t.cells() {
		if c.Arm == arm && c.Attack != "" {
			all = addCell(all, t.Name, mixed && c.Eps == 0, t.Count(b), c)
		}
	}
	for _, m := range t.Matches {
		for _, c := range m.cells(arm) {
			all = addCell(all, t.Name+"-match", false, m.count(t.Count(b)), c)
		}
	}
	return all
}

// addCell puts a cell into the measurement that it belongs to, or a new one. apart
// says that its attack has no radii, and others of the table do.
func addCell(all []Measurement, name string, apart bool, images int, c Cell) []Measurement {
	folder := name
	for _, more := range []string{c.Defence, c.From} {
		if more != "" {
			folder += "-" + strings.Map(letterOrDash, more)
		}
	}
	if apart {
		folder += "-steps"
	}
	k := slices.IndexFunc(all, func(m Measurement) bool { return m.Name == folder })
	if k < 0 {
		all, k = append(all, Measurement{Name: folder, Images: images, Defence: c.Defence}), len(all)
	}
	all[k].Cells = append(all[k].Cells, c)
	return all
}

// letterOrDash leaves letters and digits, for the names of folders.
func letterOrDash(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

// Attacks returns the attacks on a run of a seed, each once.
func (m Measurement) Attacks(seed uint64) (texts []string) {
	for _, c := range m.Cells {
		if text := c.attackOn(seed); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// Eps returns the radii, as attack.eps writes them; "" where no attack has any.
func (m Measurement) Eps() string {
	var all []float32
	for _, c := range m.Cells {
		if c.Eps > 0 && !slices.Contains(all, c.Eps) {
			all = append(all, c.Eps)
		}
	}
	slices.Sort(all)
	var texts []string
	for _, e := range all {
		texts = append(texts, fmt.Sprintf("%.4g", e))
	}
	return strings.Join(texts, " ")
}

// Sources are the arms that examples come from.
func (m Measurement) Sources() (arms []string) {
	for _, c := range m.Cells {
		if c.From != "" && !slices.Contains(arms, c.From) {
			arms = append(arms, c.From)
		}
	}
	return arms
}
