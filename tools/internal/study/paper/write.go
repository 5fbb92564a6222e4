package paper

import (
	"fmt"
	"io"
	"slices"
)

// Line is a row as it is printed.
type Line struct {
	Label   string    `json:"label"`
	Paper   []float64 `json:"paper,omitempty"` // per cent; -1 where the paper has no figure
	Below   bool      `json:"below,omitempty"` // the paper's figures are upper bounds
	Ours    []Figure  `json:"ours,omitempty"`
	Verdict Verdict   `json:"verdict,omitempty"`
	Digits  int       `json:"digits,omitempty"` // after the point, 0 for one
}

// Block is the comparison of models at equal strength of an attack.
type Block struct {
	Label string `json:"label"` // of the attack, "" where the table has one
	Lines []Line `json:"lines"`
}

// Comparison is a table as it is printed.
type Comparison struct {
	Table   string            `json:"table"`
	Title   string            `json:"title"`
	Head    string            `json:"head"`
	Columns []string          `json:"columns"`
	Success Definition        `json:"success,omitempty"`
	Images  int               `json:"images,omitempty"` // attacked, of the test part
	Lines   []Line            `json:"lines"`
	Matched []Block           `json:"matched,omitempty"`
	Clean   map[string]Figure `json:"clean"` // accuracy without attack, per cent, by arm
	Seen    map[string]Figure `json:"seen"`  // the same on training images
	Train   map[string]int    `json:"train"` // images trained on, by arm
	Test    map[string]int    `json:"test"`  // images tested on, by arm
	Notes   []string          `json:"notes,omitempty"`
	arms    []string
}

// Compare puts what was measured beside the paper's figures. notes are added to
// the table's own.
func Compare(t Table, rs Results, images int, notes ...string) Comparison {
	c := Comparison{Table: t.Name, Title: t.Title, Head: t.Head, Columns: t.Columns, Success: t.Success, Images: images,
		Clean: map[string]Figure{}, Seen: map[string]Figure{}, Train: map[string]int{}, Test: map[string]int{}, Notes: append(append([]string(nil), t.Notes...), notes...), arms: t.Arms()}
	sample := c.describeArms(t, rs, images)
	ours, printed := t.allFigures(rs, images)
	for _, r := range t.Rows {
		l := Line{Label: r.Label, Ours: ours[r.Label], Paper: writable(printed[r.Label]), Below: r.Below}
		if r.PaperRow != "" || r.Alike {
			l.Verdict = t.judge(r, rs, ours, printed, sample)
		}
		c.Lines = append(c.Lines, l)
	}
	for _, m := range t.Matches {
		b := Block{m.Label, m.lines(rs, t.Success, images)}
		for i := range b.Lines {
			b.Lines[i].Paper = writable(b.Lines[i].Paper)
		}
		c.Matched = append(c.Matched, b)
	}
	return c
}

// allFigures are those of each row: ours, or the paper's.
func (t Table) allFigures(rs Results, images int) (ours map[string][]Figure, printed map[string][]float64) {
	ours, printed = map[string][]Figure{}, map[string][]float64{}
	for _, r := range t.Rows {
		switch {
		case r.Paper != nil:
			printed[r.Label] = r.Paper
		case r.Gain == nil:
			ours[r.Label] = rs.rowFigures(r, t.Success, images)
		case t.row(r.Gain.Of).Paper != nil:
			printed[r.Label] = r.Gain.paper(t.Success, printed)
		default:
			ours[r.Label] = r.Gain.ours(t, rs, images)
		}
	}
	return ours, printed
}

// judge compares a measured row with the paper's, and with its rival. Columns that the
// row does not measure do not count.
func (t Table) judge(r Row, rs Results, ours map[string][]Figure, printed map[string][]float64, sample int) Verdict {
	j := judgement{ours: ours[r.Label], images: sample, below: t.row(r.PaperRow).Below}
	if r.ComparedWith != "" {
		other := t.row(r.ComparedWith)
		j.rival, j.rivalPaper, j.cleanGap = ours[other.Label], printed[other.PaperRow], rs.cleanGap(r, other)
	}
	if r.Alike {
		return compareAlike(j.ours, j.rival, sample)
	}
	for i, p := range printed[r.PaperRow] {
		if r.Cells[i].Arm == "" {
			p = noFigure
		}
		j.paper = append(j.paper, p)
	}
	return j.verdict()
}

// writable has -1 in place of figures that there are not, which JSON cannot hold.
func writable(figures []float64) (out []float64) {
	for _, p := range figures {
		if p != p {
			p = -1
		}
		out = append(out, p)
	}
	return out
}

// rowFigures returns the figures of a measured row, one for each cell.
func (rs Results) rowFigures(r Row, d Definition, images int) (figures []Figure) {
	for _, cell := range r.Cells {
		var x []float64
		if cell.Arm != "" {
			x = rs.overSeeds(cell, d, images)
		}
		figures = append(figures, newFigure(x))
	}
	return figures
}

// describeArms fills in how the arms were trained and tested. It returns the
// size of the smallest sample of images that a figure is a share of.
func (c *Comparison) describeArms(t Table, rs Results, images int) (sample int) {
	for _, a := range c.arms {
		c.Clean[a], c.Seen[a] = newFigure(rs.cleanAccuracy(a, "test")), newFigure(rs.cleanAccuracy(a, "train"))
		for _, r := range rs {
			if r.Arm != a {
				continue
			}
			c.Train[a], c.Test[a] = r.Train, r.Accuracy["test"].Images
			n := c.Test[a]
			if images > 0 {
				n = min(n, images)
			}
			if t.Success == Conditional {
				n = n * r.Accuracy["test"].Right / max(1, c.Test[a])
			}
			if sample == 0 || n < sample {
				sample = n
			}
			c.addNote(t, r)
		}
		if n := c.Test[a]; n > 0 && images >= n {
			c.Images = 0 // all
		}
	}
	return sample
}

// addNote notes, once, where the data are not the paper's.
func (c *Comparison) addNote(t Table, r *Run) {
	var text string
	switch {
	case t.Train > 0 && r.Train != t.Train:
		text = fmt.Sprintf("Trained on %d images instead of the %d of the official training half.", r.Train, t.Train)
	case t.Classes > 0 && r.Classes > 0 && r.Classes != t.Classes:
		text = fmt.Sprintf("%d classes instead of %d.", r.Classes, t.Classes)
	}
	if text != "" && !slices.Contains(c.Notes, text) {
		c.Notes = append(c.Notes, text)
	}
}

// Write prints the table as Markdown with aligned columns.
func (c Comparison) Write(w io.Writer) {
	fmt.Fprintf(w, "**%s.**", c.Title)
	if c.Success != "" {
		which := "all"
		if c.Images > 0 {
			which = fmt.Sprintf("the first %d", c.Images)
		}
		fmt.Fprintf(w, " %s; %s test images.", c.Success.heading(), which)
	}
	for _, n := range c.Notes {
		fmt.Fprintf(w, " %s", n)
	}
	fmt.Fprint(w, "\n\n")
	printGrid(w, c.grid(c.Lines, true))
	c.writeMatched(w)
	if c.Success == "" {
		fmt.Fprint(w, "\nTrained and tested on: ")
	} else {
		fmt.Fprint(w, "\nWithout attack: ")
	}
	for i, a := range c.arms {
		if i > 0 {
			fmt.Fprint(w, "; ")
		}
		if c.Success == "" {
			fmt.Fprintf(w, "%s %d and %d images, %s", a, c.Train[a], c.Test[a], countSeeds(c.Clean[a].N))
			continue
		}
		c.writeClean(w, a)
	}
	fmt.Fprintln(w, ".")
}

// writeClean says how many images an arm classifies without attack, and what the paper states of it.
func (c Comparison) writeClean(w io.Writer, arm string) {
	paper := stated[arm]
	of := func(f Figure, stated float64) string {
		if stated == 0 {
			return f.format(2) + " %"
		}
		return fmt.Sprintf("%s %% (paper: %.1f %%)", f.format(2), stated)
	}
	fmt.Fprintf(w, "%s %s correct of %d", arm, of(c.Clean[arm], paper.test), c.Test[arm])
	if c.Seen[arm].N > 0 {
		fmt.Fprintf(w, ", %s of the training images", of(c.Seen[arm], paper.train))
	}
	fmt.Fprintf(w, ", %s", countSeeds(c.Clean[arm].N))
}

func countSeeds(n int) string {
	if n == 1 {
		return "1 seed"
	}
	return fmt.Sprintf("%d seeds", n)
}
