package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"unwarp/tools/internal/printable"
)

// defaultColumns is the width of texts for files and pipes; minColumns the least
// that is used.
const (
	defaultColumns = 160
	minColumns     = 30
	minCellWidth   = 7 // columns of a number
)

// columnsOrDefault returns columns, or a default where they are not known.
func columnsOrDefault(columns int) int {
	if columns <= 0 {
		return defaultColumns
	}
	return columns
}

// textRow is a line of a table.
type textRow struct {
	name  string
	cells []string
}

// printRows prints names with their cells beside them, or where the terminal is
// too narrow for that, below them, on as many lines as they need.
func printRows(w io.Writer, columns int, rows []textRow) {
	columns = max(columns, minColumns)
	width, cells, cell := 0, 0, minCellWidth
	for _, r := range rows {
		cells = max(cells, len(r.cells))
		if len(r.cells) > 0 { // others have room to their right
			width = max(width, printable.Width(r.name))
		}
		for _, c := range r.cells {
			cell = max(cell, 1+printable.Width(c))
		}
	}
	if 2+width+cell*cells <= columns {
		for _, r := range rows {
			if len(r.cells) == 0 {
				wrapText(w, columns, "  ", "    ", r.name)
				continue
			}
			fmt.Fprintf(w, "  %s%s%s\n", r.name, strings.Repeat(" ", width-printable.Width(r.name)), alignCells(r.cells, cell))
		}
		return
	}
	fit := max(1, (columns-2)/cell)
	for from := 0; from < max(1, cells); from += fit {
		for _, r := range rows {
			if from > 0 && len(r.cells) == 0 {
				continue
			}
			if r.name != "" {
				wrapText(w, columns, "  ", "    ", r.name)
			}
			if some := r.cells[min(from, len(r.cells)):min(from+fit, len(r.cells))]; len(some) > 0 {
				fmt.Fprintf(w, "  %s\n", alignCells(some, cell))
			}
		}
	}
}

// alignCells writes cells in columns of a width, to the right.
func alignCells(cells []string, width int) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(strings.Repeat(" ", max(0, width-printable.Width(c))) + c)
	}
	return b.String()
}

// groupByRadii collects the attacks that share a list of radii, in order. Attacks
// without radius are left out.
func groupByRadii(all []AttackSummary) [][]AttackSummary {
	var out [][]AttackSummary
	for _, a := range all {
		if a.NoRadius {
			continue
		}
		i := slices.IndexFunc(out, func(g []AttackSummary) bool { return slices.Equal(g[0].Radii, a.Radii) })
		if i < 0 {
			out, i = append(out, nil), len(out)
		}
		out[i] = append(out[i], a)
	}
	return out
}

// WriteWrapped writes a line of text for a terminal of so many columns, 0 for any;
// what does not fit follows on lines that are indented.
func WriteWrapped(w io.Writer, columns int, text string) {
	wrapText(w, columnsOrDefault(columns), "", "    ", text)
}

// wrapText prints text folded to columns; hang is the indent of later lines. A word
// that is longer than a line is divided.
func wrapText(w io.Writer, columns int, indent, hang, text string) {
	columns = max(columns, minColumns)
	line, length, empty := indent, len(indent), true
	end := func() {
		fmt.Fprintln(w, strings.TrimRight(line, " "))
		line, length, empty = hang, len(hang), true
	}
	for _, word := range strings.Split(text, " ") {
		for first := true; first || word != ""; first = false {
			n := printable.Width(word)
			switch {
			case !empty && length+1+n > columns:
				end()
			case !empty:
				line, length = line+" ", length+1
			}
			part := word
			if n > columns-length {
				part = printable.Prefix(word, columns-length)
			}
			line, length, empty = line+part, length+printable.Width(part), false
			if word = word[len(part):]; word != "" {
				end()
			}
		}
	}
	end()
}
