package paper

import (
	"fmt"
	"slices"
)

// Table is one of the paper's, with what is to be measured for it.
type Table struct {
	Name    string // table1
	Title   string
	Head    string   // of the columns
	Columns []string // their names
	Eps     []float32
	// Success is the definition of an attack's success; "" where the table
	// holds accuracies.
	Success Definition
	// Images to attack, 0 for all test images, with each budget.
	Images, SmallImages int
	Rows                []Row
	// Notes say what the reader has to know.
	Notes []string
	// Train and Classes are how many images the paper's models were trained on,
	// and of how many classes; 0 where that needs no note.
	Train, Classes int
}

// Definition says which images count as an attack's success.
type Definition string

const (
	// All is 100 - accuracy under attack: images that were wrong before count.
	All Definition = "100 − accuracy under attack"
	// Conditional is the share of images right before that are wrong after.
	Conditional Definition = "wrong under attack among those right before"
)

// Row is a line of a table: the paper's figures, or cells to be measured.
type Row struct {
	Label string
	Paper []float64 // per cent
	Cells []Cell
	// Of is the label of the paper's row that this one repeats, "" for none;
	// Rival is the label of the measured row that the order is judged against.
	Of, Rival string
}

// Cell is one figure to be measured on an arm.
type Cell struct {
	Arm    string
	Attack string  // as attacks.Parse reads it; "" for accuracy without attack
	Eps    float32 // 0 for an attack without radii
	Part   string  // test or familiar, where there is no attack
}

// Arms are the names of the arms that the table measures, in order.
func (t Table) Arms() (names []string) {
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			if c.Arm != "" && !slices.Contains(names, c.Arm) {
				names = append(names, c.Arm)
			}
		}
	}
	return names
}

// Attacks are those that the table runs on an arm.
func (t Table) Attacks(arm string) (texts []string) {
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			if c.Arm == arm && c.Attack != "" && !slices.Contains(texts, c.Attack) {
				texts = append(texts, c.Attack)
			}
		}
	}
	return texts
}

// Count is how many images the table attacks, 0 for all.
func (t Table) Count(b Budget) int {
	if b == Small {
		return t.SmallImages
	}
	return t.Images
}

var (
	large = []float32{.1, .2, .3, .4, .5}
	small = []float32{.01, .02, .03, .04, .05}
)

// Readings of "the gradient" in the paper.
const (
	whole      = "gradient of the whole training loss"
	classifier = "on the classifier"
)

// The figures are those of Duan et al., per cent.
var tables = []Table{
	robust("table1", "Table 1: MNIST, FGSM", large, 0, 1000, All, slices.Concat(
		printed("base CNN", 76.3, 89.4, 96.7, 97.3, 97.6), fgsm("mnist-base", "base CNN", "", false, large),
		printed("disentangled", 8.8, 12.3, 16.2, 25.8, 38.5), fgsm("mnist-disentangled", "disentangled", "base CNN", true, large),
	)),
	robust("table2", "Table 2: MNIST, BIM, 2 and 3 steps of size eps", small, 0, 1000, All, slices.Concat(
		bim(2, "mnist", small, []float64{7.4, 29.4, 54.3, 74.4, 87.6}, []float64{9.8, 20.6, 27.4, 31.0, 33.4}),
		bim(3, "mnist", small, []float64{7.8, 30.7, 55.4, 75.3, 88.3}, []float64{10.3, 22.1, 29.2, 32.4, 34.7}),
		noise("mnist-base", "base CNN", small), noise("mnist-disentangled", "disentangled", small),
	)),
	robust("table3", "Table 3: FaceScrub, FGSM", small, 0, 200, Conditional, slices.Concat(
		printed("base CNN", 57.8, 67.0, 72.9, 78.3, 82.2), fgsm("facescrub-base", "base CNN", "", false, small),
		printed("disentangled", 19.9, 24.6, 27.9, 33.4, 38.9), fgsm("facescrub-disentangled", "disentangled", "base CNN", true, small),
	), faces).of(50),
	robust("table4", "Table 4: FaceScrub, BIM, 3 steps of size eps", small, 0, 200, Conditional, slices.Concat(
		bim(3, "facescrub", small, []float64{72.1, 94.7, 99.2, 99.8, 99.6}, []float64{26.2, 35.6, 44.1, 52.7, 60.7}),
		noise("facescrub-base", "base CNN", small), noise("facescrub-disentangled", "disentangled", small),
	), faces, "The paper does not say how many steps it takes here.").of(50),
	robust("table5", "Table 5: CIFAR-10, FGSM", large, 0, 500, All, slices.Concat(
		printed("base CNN", 29.5, 39.9, 47.4, 53.8, 59.3), fgsm("cifar-base", "base CNN", "", false, large),
		printed("disentangled", 19.0, 26.8, 33.5, 39.4, 44.4), fgsm("cifar-disentangled", "disentangled", "base CNN", true, large),
	)),
	robust("table6", "Table 6: CIFAR-10, BIM, 2 and 3 steps of size eps", large, 0, 500, All, slices.Concat(
		bim(2, "cifar", large, []float64{40.3, 61.5, 76.1, 84.4, 88.4}, []float64{24.7, 50.2, 70.0, 80.8, 86.7}),
		bim(3, "cifar", large, []float64{47.4, 70.6, 83.3, 89.1, 90.8}, []float64{34.6, 62.6, 78.3, 85.1, 89.2}),
		noise("cifar-base", "base CNN", large), noise("cifar-disentangled", "disentangled", large),
	)),
	{Name: "table7", Title: "Table 7: MNIST, LocalSearch", Head: "rounds", Columns: []string{"50", "150"}, Success: All,
		Images: 50, SmallImages: 10, Rows: slices.Concat(
			printed("base CNN", 57.3, 62.5), search("mnist-base", "base CNN", ""),
			printed("disentangled", 47.9, 57.8), search("mnist-disentangled", "disentangled", "base CNN"),
		)},
	robust("table8", "Table 8: MNIST, FGSM after adversarial training with FGSM at eps .3", large, 0, 1000, All, slices.Concat(
		printed("base CNN", 9.55, 22.0, 32.9, 42.9, 55.4), fgsm("mnist-base-fgsm", "base CNN", "", false, large),
		printed("disentangled", 9.49, 12.4, 15.6, 22.3, 34.8), fgsm("mnist-disentangled-fgsm", "disentangled", "base CNN", true, large),
	)),
	{Name: "table9", Train: familiarHalf, Title: "Table 9: smallNORB, accuracy on novel viewpoints, %", Head: "view", Columns: []string{"azimuth", "elevation"},
		Notes: []string{norb, "The paper's base CNN of this table is the one with AT of table 11, as its 84.8 % says."},
		Rows: []Row{
			{Label: "base CNN, *paper*", Paper: []float64{84.8, 78.8}},
			views("base CNN", "base-at", "test", "base CNN, *paper*", ""),
			{Label: "disentangled, *paper*", Paper: []float64{86.6, 85.3}},
			views("disentangled", "disentangled-at-cr", "test", "disentangled, *paper*", "base CNN"),
			views("base CNN, familiar views", "base-at", "familiar", "", ""),
			views("disentangled, familiar views", "disentangled-at-cr", "familiar", "", ""),
		}},
	robust("table10", "Table 10: MNIST, FGSM, ablation", large, 0, 1000, All, slices.Concat(
		printed("reconstruction", 11.5, 24.1, 43.8, 57.8, 67.6), fgsm("mnist-reconstruction", "reconstruction", "", true, large),
		printed("disentangled", 8.8, 12.3, 16.2, 25.8, 38.5), fgsm("mnist-disentangled", "disentangled", "reconstruction", true, large),
	)),
	{Name: "table11", Train: familiarHalf, Title: "Table 11: smallNORB, accuracy on novel azimuths, %", Head: "setting", Columns: []string{"plain", "AT", "AT and CR"},
		Notes: []string{norb, "AT: each image comes with a deformed twin. CR: the distance of their appearance codes is part of the loss (eq. 8)."},
		Rows: []Row{
			{Label: "base CNN, *paper*", Paper: []float64{81.3, 84.8, none}},
			{Label: "base CNN", Of: "base CNN, *paper*", Cells: azimuth("test", "base", "base-at", "")},
			{Label: "disentangled, *paper*", Paper: []float64{84.4, 85.3, 86.6}},
			{Label: "disentangled", Of: "disentangled, *paper*", Rival: "base CNN", Cells: azimuth("test", "disentangled", "disentangled-at", "disentangled-at-cr")},
			{Label: "base CNN, familiar views", Cells: azimuth("familiar", "base", "base-at", "")},
			{Label: "disentangled, familiar views", Cells: azimuth("familiar", "disentangled", "disentangled-at", "disentangled-at-cr")},
		}},
}

// familiarHalf is how many images smallNORB's official training half has of a
// third of the views: 24,300 in all.
const familiarHalf = 8100

const (
	faces = "The paper takes 50 people of FaceScrub, and its figure at eps .01 lies below its clean error: so success is counted among the images right before."
	norb  = "Trained on a third of the views of some instances, tested on the other views of other instances."
)

// Names are those of all tables.
func Names() (names []string) {
	for _, t := range tables {
		names = append(names, t.Name)
	}
	return names
}

// FindTable is the table called name.
func FindTable(name string) (Table, bool) {
	for _, t := range tables {
		if t.Name == name {
			return t, true
		}
	}
	return Table{}, false
}

func robust(name, title string, eps []float32, images, small int, d Definition, rows []Row, notes ...string) Table {
	t := Table{Name: name, Title: title, Head: "eps", Eps: eps, Success: d, Images: images, SmallImages: small, Rows: rows, Notes: notes}
	for _, e := range eps {
		t.Columns = append(t.Columns, fmt.Sprintf("%.4g", e))
	}
	return t
}

// of says of how many classes the paper's set is.
func (t Table) of(classes int) Table {
	t.Classes = classes
	return t
}

func printed(label string, figures ...float64) []Row {
	return []Row{{Label: label + ", *paper*", Paper: figures}}
}

func at(arm, attack string, eps []float32) (cells []Cell) {
	for _, e := range eps {
		cells = append(cells, Cell{Arm: arm, Attack: attack, Eps: e})
	}
	return cells
}

// fgsm are the rows of a model under FGSM in both readings. rival is the model
// that it is compared with, in the reading on the classifier.
func fgsm(arm, label, rival string, decodes bool, eps []float32) (rows []Row) {
	of, other := label+", *paper*", ""
	if decodes {
		if rival == "reconstruction" {
			other = rival + ", " + whole
		} else if rival != "" {
			other = rival + ", " + classifier
		}
		rows = append(rows, Row{Label: label + ", " + whole, Of: of, Rival: other, Cells: at(arm, "fgsm(loss=training)", eps)})
	}
	if rival != "" {
		other = rival + ", " + classifier
	}
	return append(rows,
		Row{Label: label + ", " + classifier, Of: of, Rival: other, Cells: at(arm, "fgsm", eps)},
		Row{Label: label + ", " + classifier + ", margin loss", Cells: at(arm, "fgsm(loss=margin)", eps)},
		noise(arm, label, eps)[0],
	)
}

func noise(arm, label string, eps []float32) []Row {
	return []Row{{Label: label + ", random signs", Cells: at(arm, "random", eps)}}
}

// bim are the rows of a base CNN and a disentangled classifier.
func bim(steps int, set string, eps []float32, base, disentangled []float64) []Row {
	n := fmt.Sprintf(" (%d)", steps)
	plain, training := fmt.Sprintf("bim(preset=paper,steps=%d)", steps), fmt.Sprintf("bim(loss=training,preset=paper,steps=%d)", steps)
	rival := "base CNN" + n + ", " + classifier
	return []Row{
		{Label: "base CNN" + n + ", *paper*", Paper: base},
		{Label: rival, Of: "base CNN" + n + ", *paper*", Cells: at(set+"-base", plain, eps)},
		{Label: "disentangled" + n + ", *paper*", Paper: disentangled},
		{Label: "disentangled" + n + ", " + whole, Of: "disentangled" + n + ", *paper*", Rival: rival, Cells: at(set+"-disentangled", training, eps)},
		{Label: "disentangled" + n + ", " + classifier, Of: "disentangled" + n + ", *paper*", Rival: rival, Cells: at(set+"-disentangled", plain, eps)},
	}
}

// search are the rows of LocalSearch in its two readings; 150 rounds are its
// default.
func search(arm, label, rival string) (rows []Row) {
	for _, r := range []struct{ reading, short, long string }{
		{"as in the attack's own paper", "localsearch(rounds=50)", "localsearch"},
		{"as in Foolbox 1", "localsearch(mode=foolbox,rounds=50)", "localsearch(mode=foolbox)"},
	} {
		row := Row{Label: label + ", " + r.reading, Of: label + ", *paper*", Cells: []Cell{{Arm: arm, Attack: r.short}, {Arm: arm, Attack: r.long}}}
		if rival != "" {
			row.Rival = rival + ", " + r.reading
		}
		rows = append(rows, row)
	}
	return rows
}

func views(label, arm, part, of, rival string) Row {
	return Row{Label: label, Of: of, Rival: rival, Cells: []Cell{
		{Arm: "smallnorb-azimuth-" + arm, Part: part}, {Arm: "smallnorb-elevation-" + arm, Part: part},
	}}
}

// azimuth are cells of one part; "" is no cell.
func azimuth(part string, names ...string) (cells []Cell) {
	for _, n := range names {
		c := Cell{}
		if n != "" {
			c = Cell{Arm: "smallnorb-azimuth-" + n, Part: part}
		}
		cells = append(cells, c)
	}
	return cells
}
