package paper

import (
	"fmt"
	"slices"
	"strings"
)

// Table is one of the paper's, with what is to be measured for it.
type Table struct {
	Name    string // table1
	Title   string
	Head    string   // of the columns
	Columns []string // their names
	// Success is the definition of an attack's success; "" where the table
	// holds accuracies.
	Success Definition
	// Images to attack, 0 for all test images, with each budget.
	Images, SmallImages int
	Rows                []Row
	// Notes say what the reader has to know.
	Notes []string
	// Matches compare models at equal strength of the attack on the base.
	Matches []Match
	// Train and Classes are how many images the paper's models were trained on,
	// and of how many classes; 0 where that needs no note.
	Train, Classes int
}

// stated are the accuracies without attack that the paper states, per cent, by arm, on
// test and on training images; 0 where it has none.
var stated = map[string]struct{ test, train float64 }{
	"facescrub-base": {74.2, 99.9}, "facescrub-disentangled": {79.8, 99.9},
	"cifar-base": {test: 91.5}, "cifar-disentangled": {test: 91.8},
}

// Definition says which images count as an attack's successes.
type Definition string

const (
	// All is 100 - accuracy under attack: images misclassified without attack count.
	All Definition = "100 − accuracy under attack"
	// Conditional is the share of the images correct without attack that are
	// misclassified under attack.
	Conditional Definition = "wrong under attack among those right before"
	// UnderAttack is the accuracy under attack.
	UnderAttack Definition = "accuracy under attack"
)

// heading begins the line below a title.
func (d Definition) heading() string {
	if d == UnderAttack {
		return "Accuracy under attack, %"
	}
	return fmt.Sprintf("Attack success (%s), %%", d)
}

// Row is a line of a table: the paper's figures, or cells to be measured.
type Row struct {
	Label string
	Paper []float64 // per cent
	Cells []Cell
	// PaperRow is the label of the paper's row that this one repeats, "" for none;
	// ComparedWith is the label of the measured row whose order relative to this one
	// is compared with the paper's.
	PaperRow, ComparedWith string
	// Below says that the paper's figures are upper bounds.
	Below bool
	// Alike says that the paper sees no difference from the row ComparedWith.
	Alike bool
	// Gain, if not nil, makes the row of two others, ours or the paper's.
	Gain *Gain
}

// Cell is one value to be measured on an arm.
type Cell struct {
	Arm    string
	Attack string  // as attacks.Parse reads it; "" for accuracy without attack
	Eps    float32 // 0 for an attack without radii
	Part   string  // train, test or familiar, where there is no attack
	// Defence is put around the model, as attack.defence writes it; "" for none.
	Defence string
	// From is the arm whose runs the attack, transfer, takes its examples from; the
	// attack names it by fromRun.
	From string
	// Clean asks for the accuracy without attack in the evaluation of the attack.
	Clean bool
}

// fromRun stands in an attack's text for the run folder of [Cell.From].
const fromRun = "RUN"

// attackOn is the text of the cell's attack on a run of a seed.
func (c Cell) attackOn(seed uint64) string {
	if c.From == "" {
		return c.Attack
	}
	return strings.Replace(c.Attack, fromRun, Arm{Name: c.From}.Folder(seed), 1)
}

// row is the row called label; without one it is empty.
func (t Table) row(label string) Row {
	for _, r := range t.Rows {
		if r.Label == label {
			return r
		}
	}
	return Row{}
}

// Arms returns the names of the arms that the table measures, in order.
func (t Table) Arms() (names []string) {
	for _, c := range t.cells() {
		if c.Arm != "" && !slices.Contains(names, c.Arm) {
			names = append(names, c.Arm)
		}
	}
	return names
}

// cells are those of all rows.
func (t Table) cells() (all []Cell) {
	for _, r := range t.Rows {
		all = append(all, r.Cells...)
	}
	return all
}

// Count returns the number of images that the table attacks, 0 for all.
func (t Table) Count(b Budget) int {
	if b == Small {
		return t.SmallImages
	}
	return t.Images
}

// Readings of "the gradient" in the paper.
const (
	wholeLoss         = "gradient of the whole training loss"
	classifierReading = "on the classifier"
)
