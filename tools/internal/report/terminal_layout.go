package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
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
		width, cells = max(width, utf8.RuneCountInString(r.name)), max(cells, len(r.cells))
		for _, c := range r.cells {
			cell = max(cell, 1+len(c))
		}
	}
	if 2+width+cell*cells <= columns {
		for _, r := range rows {
			fmt.Fprintf(w, "  %s%s", r.name, strings.Repeat(" ", width-utf8.RuneCountInString(r.name)))
			for _, c := range r.cells {
				fmt.Fprintf(w, "%*s", cell, c)
			}
			fmt.Fprintln(w)
		}
		return
	}
	fit := max(1, (columns-2)/cell)
	for from := 0; from < max(1, cells); from += fit {
		for _, r := range rows {
			wrapText(w, columns, "  ", "    ", r.name)
			fmt.Fprint(w, "  ")
			for _, c := range r.cells[min(from, len(r.cells)):min(from+fit, len(r.cells))] {
				fmt.Fprintf(w, "%*s", cell, c)
			}
			fmt.Fprintln(w)
		}
	}
}

// groupByRadii collects the attacks that share a list of radii, in order.
func groupByRadii(all []AttackSummary) [][]AttackSummary {
	var out [][]AttackSummary
	same := func(a, b AttackSummary) bool {
		return slices.EqualFunc(a.Points, b.Points, func(p, q AttackPoint) bool { return p.Eps == q.Eps })
	}
	for _, a := range all {
		i := slices.IndexFunc(out, func(g []AttackSummary) bool { return same(g[0], a) })
		if i < 0 {
			out, i = append(out, nil), len(out)
		}
		out[i] = append(out[i], a)
	}
	return out
}

// wrapText prints text folded to columns; hang is the indent of later lines.
func wrapText(w io.Writer, columns int, indent, hang, text string) {
	columns = max(columns, minColumns)
	line := indent
	length := len(indent)
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case length+1+n > columns:
			fmt.Fprintln(w, line)
			line, length = hang, len(hang)
		default:
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	fmt.Fprintln(w, line)
}
