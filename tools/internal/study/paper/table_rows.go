package paper

import "fmt"

func attackTable(name, title string, eps []float32, images, small int, d Definition, rows []Row, notes ...string) Table {
	t := Table{Name: name, Title: title, Head: "eps", Success: d, Images: images, SmallImages: small, Rows: rows, Notes: notes}
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

// gainRows returns the gain of a model over a rival, the paper's and ours in some
// readings; the rival is always read on the classifier.
func gainRows(label, rival string, readings ...string) []Row {
	rows := []Row{{Label: "gain of accuracy, %, *paper*", Gain: &Gain{label + ", *paper*", rival + ", *paper*"}}}
	for _, r := range readings {
		rows = append(rows, Row{Label: "gain of accuracy, %, " + r, Gain: &Gain{label + ", " + r, rival + ", " + classifierReading}})
	}
	return rows
}

// readingRows returns a model under FGSM in both readings, beside the paper's row of a
// label and a measured rival.
func readingRows(arm, label, printed, rival string, eps []float32) []Row {
	of := printed + ", *paper*"
	return []Row{
		{Label: label + ", " + wholeLoss, PaperRow: of, ComparedWith: rival, Cells: attackCells(arm, "fgsm(loss=training)", eps)},
		{Label: label + ", " + classifierReading, PaperRow: of, ComparedWith: rival, Cells: attackCells(arm, "fgsm", eps)},
	}
}

const untrained = "disentangled without adversarial training"

// bimRows returns the rows of a base CNN and a disentangled classifier.
func bimRows(steps int, set string, eps []float32, base, disentangled []float64) []Row {
	n := fmt.Sprintf(" (%d)", steps)
	plain, training := bimText(steps), wholeBIMText(steps)
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
