package paper

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// grid are lines as rows of texts, the heading first.
func (c Comparison) grid(lines []Line, verdicts bool) [][]string {
	rows := [][]string{append([]string{c.Head}, c.Columns...)}
	for _, l := range lines {
		row := []string{l.Label}
		for _, p := range l.Paper {
			switch {
			case p == -1:
				row = append(row, "–")
			case l.Below:
				row = append(row, fmt.Sprintf("*below %.1f*", p))
			default:
				row = append(row, fmt.Sprintf("*%.1f*", p))
			}
		}
		for _, f := range l.Ours {
			row = append(row, f.format(max(1, l.Digits)))
		}
		rows = append(rows, row)
	}
	if verdicts {
		rows[0] = append(rows[0], "verdict")
		for i, l := range lines {
			rows[i+1] = append(rows[i+1], string(l.Verdict))
		}
	}
	return rows
}

// writeMatched prints the comparisons at equal strength.
func (c Comparison) writeMatched(w io.Writer) {
	for i, b := range c.Matched {
		if i == 0 {
			fmt.Fprintf(w, "\nAt equal strength: the eps at which our base CNN has the paper's figure for its base CNN (–: at none measured), and the disentangled model there; at most %d images.\n", matchImages)
		}
		fmt.Fprintln(w)
		printGrid(w, c.grid(b.Lines, false))
	}
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
