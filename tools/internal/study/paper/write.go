package paper

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Line is a row as it is printed.
type Line struct {
	Label   string    `json:"label"`
	Paper   []float64 `json:"paper,omitempty"` // per cent; -1 where the paper has no figure
	Ours    []Figure  `json:"ours,omitempty"`
	Verdict Verdict   `json:"verdict,omitempty"`
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
	Clean   map[string]Figure `json:"clean"` // accuracy without attack, per cent, by arm
	Train   map[string]int    `json:"train"` // images trained on, by arm
	Test    map[string]int    `json:"test"`  // images tested on, by arm
	Notes   []string          `json:"notes,omitempty"`
	arms    []string
}

// Compare puts what was measured beside the paper's figures. notes are added to
// the table's own.
func Compare(t Table, rs Results, images int, notes ...string) Comparison {
	c := Comparison{Table: t.Name, Title: t.Title, Head: t.Head, Columns: t.Columns, Success: t.Success, Images: images,
		Clean: map[string]Figure{}, Train: map[string]int{}, Test: map[string]int{}, Notes: append(append([]string(nil), t.Notes...), notes...), arms: t.Arms()}
	sample := c.describeArms(t, rs, images)
	ours, printed := map[string][]Figure{}, map[string][]float64{}
	of := map[string]string{}
	for _, r := range t.Rows {
		of[r.Label] = r.PaperRow
		if r.Paper != nil {
			printed[r.Label] = r.Paper
			continue
		}
		ours[r.Label] = rs.rowFigures(r, t.Success, images)
	}
	for _, r := range t.Rows {
		l := Line{Label: r.Label, Ours: ours[r.Label]}
		for _, p := range r.Paper {
			if p != p {
				p = -1
			}
			l.Paper = append(l.Paper, p)
		}
		if r.PaperRow != "" {
			var rival []Figure
			var rivalPaper []float64
			if r.ComparedWith != "" {
				rival, rivalPaper = ours[r.ComparedWith], printed[of[r.ComparedWith]]
			}
			l.Verdict = compareRow(l.Ours, printed[r.PaperRow], rival, rivalPaper, sample)
		}
		c.Lines = append(c.Lines, l)
	}
	return c
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
		c.Clean[a] = newFigure(rs.cleanAccuracy(a))
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
		fmt.Fprintf(w, " Attack success (%s), %%; %s test images.", c.Success, which)
	}
	for _, n := range c.Notes {
		fmt.Fprintf(w, " %s", n)
	}
	fmt.Fprint(w, "\n\n")
	rows := [][]string{append(append([]string{c.Head}, c.Columns...), "verdict")}
	for _, l := range c.Lines {
		row := []string{l.Label}
		for _, p := range l.Paper {
			if p < 0 {
				row = append(row, "–")
			} else {
				row = append(row, fmt.Sprintf("*%.1f*", p))
			}
		}
		for _, f := range l.Ours {
			row = append(row, f.format(1))
		}
		rows = append(rows, append(row, string(l.Verdict)))
	}
	printGrid(w, rows)
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
		fmt.Fprintf(w, "%s %s %% correct of %d (%s)", a, c.Clean[a].format(2), c.Test[a], countSeeds(c.Clean[a].N))
	}
	fmt.Fprintln(w, ".")
}

func countSeeds(n int) string {
	if n == 1 {
		return "1 seed"
	}
	return fmt.Sprintf("%d seeds", n)
}

// printGrid prints rows, of which the first is the heading.
func printGrid(w io.Writer, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, s := range r {
			width[i] = max(width[i], utf8.RuneCountInString(s), 3)
		}
	}
	for k, r := range rows {
		for i, s := range r {
			fmt.Fprintf(w, "| %s%s ", s, strings.Repeat(" ", width[i]-utf8.RuneCountInString(s)))
		}
		fmt.Fprintln(w, "|")
		if k == 0 {
			for _, n := range width {
				fmt.Fprintf(w, "|%s", strings.Repeat("-", n+2))
			}
			fmt.Fprintln(w, "|")
		}
	}
}
