package report

import (
	"fmt"
	"io"
	"strings"

	"unwarp/tools/internal/printable"
)

// PrintTable prints rows, of which the first is the head, with their cells below each other,
// for a terminal of so many columns, 0 for any. Where they are wider each row becomes a
// paragraph: its first cell, and below it the others with their heads.
func PrintTable(w io.Writer, columns int, rows [][]string) {
	const between = 2
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], printable.Width(printable.Text(cell)))
		}
	}
	wide := -between
	for _, n := range widths {
		wide += n + between
	}
	if columns > 0 && wide > columns {
		printParagraphs(w, columns, rows)
		return
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			cell = printable.Text(cell)
			line.WriteString(cell + strings.Repeat(" ", widths[i]-printable.Width(cell)+between))
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

func printParagraphs(w io.Writer, columns int, rows [][]string) {
	key := 0
	for _, name := range rows[0][1:] {
		key = max(key, len(name))
	}
	for _, row := range rows[1:] {
		wrapText(w, columns, "", "    ", printable.Text(row[0]))
		for i, cell := range row[1:] {
			if cell = strings.TrimSpace(printable.Text(cell)); cell != "" {
				wrapText(w, columns, "  ", "    ", fmt.Sprintf("%-*s %s", key, rows[0][i+1], cell))
			}
		}
	}
}

// WriteLine writes a line of text folded for a terminal of so many columns; in files and pipes,
// 0, it stays whole.
func WriteLine(w io.Writer, columns int, text string) {
	if columns <= 0 {
		fmt.Fprintln(w, text)
		return
	}
	WriteWrapped(w, columns, text)
}
