package main

import (
	"fmt"
	"io"
	"strings"
)

// print says what the codes hold.
func (r *embedded) print(w io.Writer) {
	fmt.Fprintf(w, "The class read off each code, %% of %d test images right;\nneighbours and linear probe from %d training images.\n\n", r.Images, r.Fitted)
	head, under := "  code         size", strings.Repeat(" ", 19)
	columns := "    1-NN  5-NN  linear"
	if r.Attack != "" {
		head += fmt.Sprintf("    %-18s    after", "before attack")
		under += columns
	}
	fmt.Fprintf(w, "%s\n%s\n", strings.TrimRight(head, " "), under+columns)
	for _, h := range r.Codes {
		fmt.Fprintf(w, "  %-12s %4d%s", h.Code, h.Size, h.Before)
		if h.After != nil {
			fmt.Fprint(w, *h.After)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "  %-31s%8.1f", "the classifier itself", 100*r.Before)
	if r.Attack != "" {
		fmt.Fprintf(w, "%22.1f\n\n%s broke %d of %d images; those that withstood count\nas it left them.", 100*r.After, r.Attack, r.Broken, r.Images)
	}
	fmt.Fprint(w, "\n\n")
	r.printFactors(w)
	fmt.Fprintln(w, strings.Join(r.Files, "\n"))
}

func (a accuracies) String() string {
	return fmt.Sprintf("  %6.1f%6.1f%8.1f", 100*a.Nearest, 100*a.Five, 100*a.Linear)
}

// printFactors is a table of factors by codes.
func (r *embedded) printFactors(w io.Writer) {
	if len(r.Codes) == 0 || r.Codes[0].Factors == nil {
		return
	}
	fmt.Fprint(w, "What the images were drawn with, read off each code by a linear\nmap: R² on the test images (1: all of it, 0: nothing).\n\n")
	line := func(name string, of func(h held) string) {
		text := fmt.Sprintf("  %-22s", name)
		for _, h := range r.Codes {
			text += fmt.Sprintf("%12s", of(h))
		}
		fmt.Fprintln(w, strings.TrimRight(text, " "))
	}
	number := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	line("", func(h held) string { return h.Code })
	group := ""
	for i, f := range r.Codes[0].Factors.Factors {
		if f.Group != group {
			group = f.Group
			line(group, func(held) string { return "" })
		}
		line("  "+f.Name, func(h held) string { return number(h.Factors.Factors[i].R2) })
	}
	line("mean of appearance", func(h held) string { return number(h.Factors.Appearance) })
	line("mean of geometry", func(h held) string { return number(h.Factors.Geometry) })
	line("font, % right", func(h held) string { return fmt.Sprintf("%.1f", 100*h.Factors.Face) })
	fmt.Fprintf(w, "  (naming always the most frequent font: %.1f %%)\n\n", 100*r.Codes[0].Factors.FaceChance)
}
