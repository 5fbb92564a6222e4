// Package report says in words, tables, plots and pictures what came out.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"unwarp/attacks/checks"
)

// Attacks prints a record for a terminal of so many columns, 0 for any: the
// accuracy left under each attack, a row per attack and a column per eps, what
// the checks found, and what to think of it.
func Attacks(w io.Writer, r *Record, columns int) { Derive(r).Print(w, columns) }

// Print is [Attacks] of figures.
func (f Figures) Print(w io.Writer, columns int) { f.print(w, columns, claims(f)) }

func (f Figures) print(w io.Writer, columns int, claim bool) {
	columns = columnsOr(columns)
	f.tables(w, columns, claim)
	f.distances(w, columns)
	f.checks(w, columns, claim)
	v := judge(f, claim)
	fmt.Fprintln(w)
	if v.Level == Unsound {
		wrap(w, columns, "", "", v.Trust)
	}
	for _, s := range slices.Concat(v.Sentences, v.Notes) {
		wrap(w, columns, "", "", s)
	}
	if v.Level != Unsound && v.Level != Worthless {
		wrap(w, columns, "", "", v.Trust)
	}
}

// wide is the width of texts for files and pipes; narrow, the least that is
// made use of.
const (
	wide   = 160
	narrow = 30
	cell   = 7 // columns of one figure, at least
)

// columnsOr is columns, or enough of them where they are not known.
func columnsOr(columns int) int {
	if columns <= 0 {
		return wide
	}
	return columns
}

// tables prints one table for each list of radii that attacks share.
func (f Figures) tables(w io.Writer, columns int, claim bool) {
	for _, group := range groups(f.Attacks) {
		what := "accuracy left, %"
		if !f.Exhaustive {
			what = "accuracy left after each attack and those above it, %"
		}
		wrap(w, columns, "", "  ", fmt.Sprintf("%s of %s (%.1f without attack), %s", what, images(f.Images), 100*f.Clean.Share, f.Norm))
		var eps []float32
		for _, p := range group[0].Points {
			eps = append(eps, p.Eps)
		}
		rows := []row{{name: "eps"}}
		for _, e := range eps {
			rows[0].cells = append(rows[0].cells, epsText(e))
		}
		weaker := ""
		for _, a := range group {
			r := row{name: a.Title}
			for _, p := range a.Points {
				mark := ""
				if p.Weaker != "" {
					mark, weaker = "!", p.Weaker
				}
				r.cells = append(r.cells, fmt.Sprintf("%.1f%s", 100*p.Left.Share, mark))
			}
			rows = append(rows, r)
		}
		worst, low, high := row{name: worstWords(claim)}, row{name: "  95 % interval, from"}, row{name: "  to"}
		for _, p := range f.Worst {
			if slices.Contains(eps, p.Eps) {
				worst.cells = append(worst.cells, fmt.Sprintf("%.1f", 100*p.Left.Share))
				low.cells = append(low.cells, fmt.Sprintf("%.1f", 100*p.Left.Low))
				high.cells = append(high.cells, fmt.Sprintf("%.1f", 100*p.Left.High))
			}
		}
		printRows(w, columns, append(rows, worst, low, high))
		if weaker != "" {
			wrap(w, columns, "  ", "  ", "! breaks fewer images than "+weaker+" of the same size: this gradient does not follow the classifier")
		}
	}
}

// row is a line of a table.
type row struct {
	name  string
	cells []string
}

// printRows prints names with their cells beside them, or where the terminal is
// too narrow for that, below them, on as many lines as they need.
func printRows(w io.Writer, columns int, rows []row) {
	columns = max(columns, narrow)
	width, cells, cell := 0, 0, cell
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
			wrap(w, columns, "  ", "    ", r.name)
			fmt.Fprint(w, "  ")
			for _, c := range r.cells[min(from, len(r.cells)):min(from+fit, len(r.cells))] {
				fmt.Fprintf(w, "%*s", cell, c)
			}
			fmt.Fprintln(w)
		}
	}
}

// distances tells what the attacks found that look for the smallest change.
func (f Figures) distances(w io.Writer, columns int) {
	for _, a := range f.Attacks {
		if !a.Whole || a.Made == 0 {
			continue
		}
		wrap(w, columns, "", "  ", fmt.Sprintf("%s: found %d of %d, median distance %s (%s)", a.Title, a.Found.Count, a.Made, distanceText(a.Median), a.Norm))
	}
}

// checks lists the checks that did not pass: of those that failed what was
// measured, and what to do; of those that warn only what to do.
func (f Figures) checks(w io.Writer, columns int, claim bool) {
	first := true
	for _, c := range order(f.Checks) {
		if c.Status != checks.Fail && c.Status != checks.Warn {
			continue
		}
		if first {
			fmt.Fprintln(w)
			first = false
		}
		line := func(text string) {
			if text != "" {
				wrap(w, columns, "  ", "  ", modest(text, claim))
			}
		}
		wrap(w, columns, "", "  ", modest(fmt.Sprintf("%s %s %s", c.Status, c.ID, c.Title), claim))
		if c.Status == checks.Fail {
			line(c.Value)
			line("wanted: " + c.Threshold)
			if len(c.Images) > 0 {
				line("images " + places(c.Images, 5))
			}
		}
		line(c.Advice)
	}
}

// order puts the checks that failed first, then those that warn.
func order(all []checks.Result) []checks.Result {
	rank := map[checks.Status]int{checks.Fail: 0, checks.Warn: 1, checks.Pass: 2, checks.Skip: 3}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b checks.Result) int {
		if d := rank[a.Status] - rank[b.Status]; d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// places lists the first n of all.
func places(all []int, n int) string {
	var words []string
	for _, i := range all[:min(n, len(all))] {
		words = append(words, fmt.Sprint(i))
	}
	text := strings.Join(words, ", ")
	if len(all) > n {
		text += fmt.Sprintf(" and %d more", len(all)-n)
	}
	return text
}

// groups collects the attacks that share a list of radii, in order.
func groups(all []Attacked) [][]Attacked {
	var out [][]Attacked
	same := func(a, b Attacked) bool {
		return slices.EqualFunc(a.Points, b.Points, func(p, q AttackPoint) bool { return p.Eps == q.Eps })
	}
	for _, a := range all {
		i := slices.IndexFunc(out, func(g []Attacked) bool { return same(g[0], a) })
		if i < 0 {
			out, i = append(out, nil), len(out)
		}
		out[i] = append(out[i], a)
	}
	return out
}

// wrap prints text folded to columns; hang is the indent of later lines.
func wrap(w io.Writer, columns int, indent, hang, text string) {
	columns = max(columns, narrow)
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
