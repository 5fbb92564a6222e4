package report

import (
	"fmt"
	"io"
	"strings"

	"unwarp/pipelines"
	"unwarp/tools/internal/printable"
)

// Data describes a set, and how training sees it.
type Data struct {
	Set           string `json:"set"`
	Path          string `json:"path,omitempty"`
	Parts         []Part `json:"parts"`
	Augment       string `json:"augment"` // the augmentation; "" changes nothing
	DeformedViews bool   `json:"twins"`   // each image comes with a deformed view
	Seen          [3]int `json:"seen"`    // height, width, channels that the model sees
	Sheet         string `json:"sheet,omitempty"`
}

// Part is one part of a set.
type Part struct {
	Part string `json:"part"` // train, validation or test
	pipelines.Description
}

// PixelScale returns the side of one pixel of an image in a picture.
func PixelScale(sh pipelines.Shape) int { return max(1, 84/max(sh.W, 1)) }

// Print prints the description for a terminal of so many columns, 0 for any.
func (d Data) Print(w io.Writer, columns int) {
	columns = columnsOrDefault(columns)
	fmt.Fprintf(w, "set %s", d.Set)
	if d.Path != "" {
		fmt.Fprintf(w, " in %s", d.Path)
	}
	fmt.Fprintln(w)
	for _, p := range d.Parts {
		fmt.Fprintf(w, "\n%s: %s of %dx%dx%d, %s\n", p.Part, printable.Count(p.Examples, "image"), p.Height, p.Width, p.Channels, printable.Count(p.Classes, "class"))
		wrapText(w, columns, "  ", "             ", "per class  "+describeSizes(p.PerClass))
		wrapText(w, columns, "  ", "             ", fmt.Sprintf("pixels     mean %.4f, standard deviation %.4f, %.3g to %.3g", p.Mean, p.Std, p.Min, p.Max))
		fmt.Fprintf(w, "  sha256     %.16s\n", p.SHA256)
	}
	fmt.Fprintf(w, "\nthe model sees %dx%dx%d", d.Seen[0], d.Seen[1], d.Seen[2])
	switch {
	case d.Augment == "":
		fmt.Fprint(w, ", unchanged")
	case d.DeformedViews:
		fmt.Fprintf(w, ", with deformed views: %s", d.Augment)
	default:
		fmt.Fprintf(w, " after %s", d.Augment)
	}
	fmt.Fprintln(w)
	if d.Sheet != "" {
		fmt.Fprintf(w, "contact sheet  %s\n", d.Sheet)
	}
	d.printClasses(w, columns)
}

// printClasses lists the names of the classes, of a set that has names.
func (d Data) printClasses(w io.Writer, columns int) {
	if len(d.Parts) == 0 || len(d.Parts[0].ClassNames) == 0 {
		return
	}
	line := "classes"
	for i, n := range d.Parts[0].ClassNames {
		item := fmt.Sprintf("  %d %s", i, shortName(n))
		if printable.Width(line+item) > columns && i > 0 {
			wrapText(w, columns, "", "    ", line)
			line = "       "
		}
		line += item
	}
	wrapText(w, columns, "", "    ", line)
}

// describeSizes lists the sizes of a few classes, or the range of those of many.
func describeSizes(n []int) string {
	least, largest := n[0], n[0]
	for _, v := range n {
		least, largest = min(least, v), max(largest, v)
	}
	switch {
	case least == largest:
		return fmt.Sprintf("%d each", least)
	case len(n) > maxTableClasses:
		return fmt.Sprintf("%d to %d", least, largest)
	}
	return strings.Trim(fmt.Sprint(n), "[]")
}
