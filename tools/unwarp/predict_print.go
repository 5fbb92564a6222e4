package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer/classify"
)

// predictions are what unwarp predict prints.
type predictions struct {
	Model      string          `json:"model"`
	Checkpoint string          `json:"checkpoint"` // last or best
	Images     []classify.File `json:"images"`
}

// print prints a line for each image that could be read; where a terminal of so many columns, 0
// for any, is too narrow, a line for each class below the file.
func (p predictions) print(w io.Writer, columns int) {
	file, class := 0, 0
	for _, im := range p.Images {
		if im.Error != "" {
			continue
		}
		file = max(file, printable.Width(printable.Text(im.Path)))
		for _, c := range im.Classes {
			class = max(class, printable.Width(printable.Text(c.Title())))
		}
	}
	for _, im := range p.Images {
		if im.Error != "" {
			continue
		}
		const share = 10 // with its blanks
		if columns > 0 && file+len(im.Classes)*(class+share) > columns {
			printBelow(w, columns, im)
			continue
		}
		line := padText(im.Path, file)
		for _, c := range im.Classes {
			line += fmt.Sprintf("  %s %5.1f %%", padText(c.Title(), class), 100*c.Probability)
		}
		fmt.Fprintln(w, line)
	}
}

// printBelow prints a file and its classes on lines of their own.
func printBelow(w io.Writer, columns int, im classify.File) {
	report.WriteLine(w, columns, printable.Text(im.Path))
	for _, c := range im.Classes {
		report.WriteLine(w, columns, fmt.Sprintf("  %5.1f %% %s", 100*c.Probability, printable.Text(c.Title())))
	}
}

// padText is a name with blanks up to so many columns of a terminal.
func padText(name string, columns int) string {
	name = printable.Text(name)
	return name + strings.Repeat(" ", columns-printable.Width(name))
}

// writeCSV writes a line for each image: its name, the top classes with their probabilities, and the error of a file that
// cannot be read.
func (p predictions) writeCSV(w io.Writer, top int) error {
	out := csv.NewWriter(w)
	head := []string{"file"}
	for k := range top {
		head = append(head, fmt.Sprintf("class_%d", k+1), fmt.Sprintf("probability_%d", k+1))
	}
	rows := [][]string{append(head, "error")}
	for _, im := range p.Images {
		row := []string{im.Path}
		for k := range top {
			if k >= len(im.Classes) {
				row = append(row, "", "")
				continue
			}
			c := im.Classes[k]
			row = append(row, c.Title(), strconv.FormatFloat(float64(c.Probability), 'g', 6, 32))
		}
		rows = append(rows, append(row, im.Error))
	}
	return out.WriteAll(rows)
}

// remark says what is odd about files that were read, of each kind in a line.
func (p predictions) remark(log io.Writer) {
	var kinds []string
	files := map[string][]string{}
	for _, im := range p.Images {
		if im.Remark == "" {
			continue
		}
		if files[im.Remark] == nil {
			kinds = append(kinds, im.Remark)
		}
		files[im.Remark] = append(files[im.Remark], printable.Text(im.Path))
	}
	for _, kind := range kinds {
		fmt.Fprintf(log, "%s: %s\n", experiment.ListFew(files[kind], ", "), kind)
	}
}

// unread names the files that could not be read.
func (p predictions) unread(log io.Writer) error {
	n := 0
	for _, im := range p.Images {
		if im.Error != "" {
			fmt.Fprintln(log, strings.TrimPrefix(im.Error, "pipelines: "))
			n++
		}
	}
	if n > 0 {
		return fmt.Errorf("predict: %d of %d files could not be read: they are named above", n, len(p.Images))
	}
	return nil
}
