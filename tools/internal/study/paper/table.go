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

// Definition says which images count as an attack's successes.
type Definition string

const (
	// All is 100 - accuracy under attack: images misclassified without attack count.
	All Definition = "100 − accuracy under attack"
	// Conditional is the share of the images correct without attack that are
	// misclassified under attack.
	Conditional Definition = "wrong under attack among those right before"
)

// Row is a line of a table: the paper's figures, or cells to be measured.
type Row struct {
	Label string
	Paper []float64 // per cent
	Cells []Cell
	// PaperRow is the label of the paper's row that this one repeats, "" for none;
	// ComparedWith is the label of the measured row whose order relative to this one
	// is compared with the paper's.
	PaperRow, ComparedWith string
}

// Cell is one value to be measured on an arm.
type Cell struct {
	Arm    string
	Attack string  // as attacks.Parse reads it; "" for accuracy without attack
	Eps    float32 // 0 for an attack without radii
	Part   string  // test or familiar, where there is no attack
}

// Arms returns the names of the arms that the table measures, in order.
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

// Attacks returns those that the table runs on an arm.
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

// Count returns the number of images that the table attacks, 0 for all.
func (t Table) Count(b Budget) int {
	if b == Small {
		return t.SmallImages
	}
	return t.Images
}

var (
	largeEps = []float32{.1, .2, .3, .4, .5}
	smallEps = []float32{.01, .02, .03, .04, .05}
)

// Readings of "the gradient" in the paper.
const (
	wholeLoss         = "gradient of the whole training loss"
	classifierReading = "on the classifier"
)

// The figures are those of Duan et al., per cent.
var tables = []Table{
	attackTable("table1", "Table 1: MNIST, FGSM", largeEps, 0, 1000, All, slices.Concat(
		paperRow("base CNN", 76.3, 89.4, 96.7, 97.3, 97.6), fgsmRows("mnist-base", "base CNN", "", false, largeEps),
		paperRow("disentangled", 8.8, 12.3, 16.2, 25.8, 38.5), fgsmRows("mnist-disentangled", "disentangled", "base CNN", true, largeEps),
	)),
	attackTable("table2", "Table 2: MNIST, BIM, 2 and 3 steps of size eps", smallEps, 0, 1000, All, slices.Concat(
		bimRows(2, "mnist", smallEps, []float64{7.4, 29.4, 54.3, 74.4, 87.6}, []float64{9.8, 20.6, 27.4, 31.0, 33.4}),
		bimRows(3, "mnist", smallEps, []float64{7.8, 30.7, 55.4, 75.3, 88.3}, []float64{10.3, 22.1, 29.2, 32.4, 34.7}),
		noiseRow("mnist-base", "base CNN", smallEps), noiseRow("mnist-disentangled", "disentangled", smallEps),
	)),
	attackTable("table3", "Table 3: FaceScrub, FGSM", smallEps, 0, 200, Conditional, slices.Concat(
		paperRow("base CNN", 57.8, 67.0, 72.9, 78.3, 82.2), fgsmRows("facescrub-base", "base CNN", "", false, smallEps),
		paperRow("disentangled", 19.9, 24.6, 27.9, 33.4, 38.9), fgsmRows("facescrub-disentangled", "disentangled", "base CNN", true, smallEps),
	), faceNote).withClasses(50),
	attackTable("table4", "Table 4: FaceScrub, BIM, 3 steps of size eps", smallEps, 0, 200, Conditional, slices.Concat(
		bimRows(3, "facescrub", smallEps, []float64{72.1, 94.7, 99.2, 99.8, 99.6}, []float64{26.2, 35.6, 44.1, 52.7, 60.7}),
		noiseRow("facescrub-base", "base CNN", smallEps), noiseRow("facescrub-disentangled", "disentangled", smallEps),
	), faceNote, "The paper does not say how many steps it takes here.").withClasses(50),
	attackTable("table5", "Table 5: CIFAR-10, FGSM", largeEps, 0, 500, All, slices.Concat(
		paperRow("base CNN", 29.5, 39.9, 47.4, 53.8, 59.3), fgsmRows("cifar-base", "base CNN", "", false, largeEps),
		paperRow("disentangled", 19.0, 26.8, 33.5, 39.4, 44.4), fgsmRows("cifar-disentangled", "disentangled", "base CNN", true, largeEps),
	)),
	attackTable("table6", "Table 6: CIFAR-10, BIM, 2 and 3 steps of size eps", largeEps, 0, 500, All, slices.Concat(
		bimRows(2, "cifar", largeEps, []float64{40.3, 61.5, 76.1, 84.4, 88.4}, []float64{24.7, 50.2, 70.0, 80.8, 86.7}),
		bimRows(3, "cifar", largeEps, []float64{47.4, 70.6, 83.3, 89.1, 90.8}, []float64{34.6, 62.6, 78.3, 85.1, 89.2}),
		noiseRow("cifar-base", "base CNN", largeEps), noiseRow("cifar-disentangled", "disentangled", largeEps),
	)),
	{Name: "table7", Title: "Table 7: MNIST, LocalSearch", Head: "rounds", Columns: []string{"50", "150"}, Success: All,
		Images: 50, SmallImages: 10, Rows: slices.Concat(
			paperRow("base CNN", 57.3, 62.5), localSearchRows("mnist-base", "base CNN", ""),
			paperRow("disentangled", 47.9, 57.8), localSearchRows("mnist-disentangled", "disentangled", "base CNN"),
		)},
	attackTable("table8", "Table 8: MNIST, FGSM after adversarial training with FGSM at eps .3", largeEps, 0, 1000, All, slices.Concat(
		paperRow("base CNN", 9.55, 22.0, 32.9, 42.9, 55.4), fgsmRows("mnist-base-fgsm", "base CNN", "", false, largeEps),
		paperRow("disentangled", 9.49, 12.4, 15.6, 22.3, 34.8), fgsmRows("mnist-disentangled-fgsm", "disentangled", "base CNN", true, largeEps),
	)),
	{Name: "table9", Train: familiarHalf, Title: "Table 9: smallNORB, accuracy on novel viewpoints, %", Head: "view", Columns: []string{"azimuth", "elevation"},
		Notes: []string{norbNote, "The paper's base CNN of this table is the one with AT of table 11, as its 84.8 % says."},
		Rows: []Row{
			{Label: "base CNN, *paper*", Paper: []float64{84.8, 78.8}},
			viewRow("base CNN", "base-at", "test", "base CNN, *paper*", ""),
			{Label: "disentangled, *paper*", Paper: []float64{86.6, 85.3}},
			viewRow("disentangled", "disentangled-at-cr", "test", "disentangled, *paper*", "base CNN"),
			viewRow("base CNN, familiar views", "base-at", "familiar", "", ""),
			viewRow("disentangled, familiar views", "disentangled-at-cr", "familiar", "", ""),
		}},
	attackTable("table10", "Table 10: MNIST, FGSM, ablation", largeEps, 0, 1000, All, slices.Concat(
		paperRow("reconstruction", 11.5, 24.1, 43.8, 57.8, 67.6), fgsmRows("mnist-reconstruction", "reconstruction", "", true, largeEps),
		paperRow("disentangled", 8.8, 12.3, 16.2, 25.8, 38.5), fgsmRows("mnist-disentangled", "disentangled", "reconstruction", true, largeEps),
	)),
	{Name: "table11", Train: familiarHalf, Title: "Table 11: smallNORB, accuracy on novel azimuths, %", Head: "setting", Columns: []string{"plain", "AT", "AT and CR"},
		Notes: []string{norbNote, "AT: each image comes with a deformed view. CR: the distance of their appearance codes is part of the loss (eq. 8)."},
		Rows: []Row{
			{Label: "base CNN, *paper*", Paper: []float64{81.3, 84.8, noFigure}},
			{Label: "base CNN", PaperRow: "base CNN, *paper*", Cells: azimuthCells("test", "base", "base-at", "")},
			{Label: "disentangled, *paper*", Paper: []float64{84.4, 85.3, 86.6}},
			{Label: "disentangled", PaperRow: "disentangled, *paper*", ComparedWith: "base CNN", Cells: azimuthCells("test", "disentangled", "disentangled-at", "disentangled-at-cr")},
			{Label: "base CNN, familiar views", Cells: azimuthCells("familiar", "base", "base-at", "")},
			{Label: "disentangled, familiar views", Cells: azimuthCells("familiar", "disentangled", "disentangled-at", "disentangled-at-cr")},
		}},
}

// familiarHalf is the number of images that smallNORB's official training half has
// of a third of the views: 24,300 in all.
const familiarHalf = 8100

const (
	faceNote = "The paper takes 50 people of FaceScrub, and its figure at eps .01 lies below its clean error: so success is counted among the images right before."
	norbNote = "Trained on a third of the views of some instances, tested on the other views of other instances."
)

// Names returns those of all tables.
func Names() (names []string) {
	for _, t := range tables {
		names = append(names, t.Name)
	}
	return names
}

// FindTable returns the table called name.
func FindTable(name string) (Table, bool) {
	for _, t := range tables {
		if t.Name == name {
			return t, true
		}
	}
	return Table{}, false
}

func attackTable(name, title string, eps []float32, images, small int, d Definition, rows []Row, notes ...string) Table {
	t := Table{Name: name, Title: title, Head: "eps", Eps: eps, Success: d, Images: images, SmallImages: small, Rows: rows, Notes: notes}
	for _, e := range eps {
		t.Columns = append(t.Columns, fmt.Sprintf("%.4g", e))
	}
	return t
}

// withClasses sets the number of classes of the paper's data set.
func (t Table) withClasses(classes int) Table {
	t.Classes = classes
	return t
}

func paperRow(label string, figures ...float64) []Row {
	return []Row{{Label: label + ", *paper*", Paper: figures}}
}

func attackCells(arm, attack string, eps []float32) (cells []Cell) {
	for _, e := range eps {
		cells = append(cells, Cell{Arm: arm, Attack: attack, Eps: e})
	}
	return cells
}

// fgsmRows returns the rows of a model under FGSM in both readings. rival is the
// model that it is compared with, in the reading on the classifier.
func fgsmRows(arm, label, rival string, decodes bool, eps []float32) (rows []Row) {
	of, other := label+", *paper*", ""
	if decodes {
		if rival == "reconstruction" {
			other = rival + ", " + wholeLoss
		} else if rival != "" {
			other = rival + ", " + classifierReading
		}
		rows = append(rows, Row{Label: label + ", " + wholeLoss, PaperRow: of, ComparedWith: other, Cells: attackCells(arm, "fgsm(loss=training)", eps)})
	}
	if rival != "" {
		other = rival + ", " + classifierReading
	}
	return append(rows,
		Row{Label: label + ", " + classifierReading, PaperRow: of, ComparedWith: other, Cells: attackCells(arm, "fgsm", eps)},
		Row{Label: label + ", " + classifierReading + ", margin loss", Cells: attackCells(arm, "fgsm(loss=margin)", eps)},
		noiseRow(arm, label, eps)[0],
	)
}

func noiseRow(arm, label string, eps []float32) []Row {
	return []Row{{Label: label + ", random signs", Cells: attackCells(arm, "random", eps)}}
}

// bimRows returns the rows of a base CNN and a disentangled classifier.
func bimRows(steps int, set string, eps []float32, base, disentangled []float64) []Row {
	n := fmt.Sprintf(" (%d)", steps)
	plain, training := fmt.Sprintf("bim(preset=paper,steps=%d)", steps), fmt.Sprintf("bim(loss=training,preset=paper,steps=%d)", steps)
	rival := "base CNN" + n + ", " + classifierReading
	return []Row{
		{Label: "base CNN" + n + ", *paper*", Paper: base},
		{Label: rival, PaperRow: "base CNN" + n + ", *paper*", Cells: attackCells(set+"-base", plain, eps)},
		{Label: "disentangled" + n + ", *paper*", Paper: disentangled},
		{Label: "disentangled" + n + ", " + wholeLoss, PaperRow: "disentangled" + n + ", *paper*", ComparedWith: rival, Cells: attackCells(set+"-disentangled", training, eps)},
		{Label: "disentangled" + n + ", " + classifierReading, PaperRow: "disentangled" + n + ", *paper*", ComparedWith: rival, Cells: attackCells(set+"-disentangled", plain, eps)},
	}
}

// localSearchRows returns the rows of LocalSearch in its two readings; 150 rounds
// are its default.
func localSearchRows(arm, label, rival string) (rows []Row) {
	for _, r := range []struct{ reading, short, long string }{
		{"as in the attack's own paper", "localsearch(rounds=50)", "localsearch"},
		{"as in Foolbox 1", "localsearch(mode=foolbox,rounds=50)", "localsearch(mode=foolbox)"},
	} {
		row := Row{Label: label + ", " + r.reading, PaperRow: label + ", *paper*", Cells: []Cell{{Arm: arm, Attack: r.short}, {Arm: arm, Attack: r.long}}}
		if rival != "" {
			row.ComparedWith = rival + ", " + r.reading
		}
		rows = append(rows, row)
	}
	return rows
}

func viewRow(label, arm, part, of, rival string) Row {
	return Row{Label: label, PaperRow: of, ComparedWith: rival, Cells: []Cell{
		{Arm: "smallnorb-azimuth-" + arm, Part: part}, {Arm: "smallnorb-elevation-" + arm, Part: part},
	}}
}

// azimuthCells returns cells of one part; "" is no cell.
func azimuthCells(part string, names ...string) (cells []Cell) {
	for _, n := range names {
		c := Cell{}
		if n != "" {
			c = Cell{Arm: "smallnorb-azimuth-" + n, Part: part}
		}
		cells = append(cells, c)
	}
	return cells
}
