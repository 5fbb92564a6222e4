package main

import (
	"fmt"
	"io"
	"strings"

	"unwarp/pipelines"
	"unwarp/tools/internal/printable"
	"unwarp/tools/internal/study/disentanglement"
	"unwarp/tools/internal/study/embedding"
)

// print prints what the codes hold.
func (r *embedReport) print(w io.Writer) {
	fmt.Fprintf(w, "Class predicted from each code, %% of %s correct;\nneighbours and linear probe from %s.\n\n", printable.Count(r.Images, r.Part+" image"), printable.Count(r.Fitted, "training image"))
	head, under := "  code         size", strings.Repeat(" ", 19)
	columns := "    1-NN  5-NN  linear"
	if r.Attack != "" {
		head += fmt.Sprintf("    %-18s    after", "before attack")
		under += columns
	}
	fmt.Fprintf(w, "%s\n%s\n", strings.TrimRight(head, " "), under+columns)
	for _, c := range r.Codes {
		fmt.Fprintf(w, "  %-12s %4d%s", c.Code, c.Size, accuracyText(c.Before))
		if c.After != nil {
			fmt.Fprint(w, accuracyText(*c.After))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "  %-31s%8.1f", "the classifier itself", 100*r.Before)
	if r.Attack != "" {
		fmt.Fprintf(w, "%22.1f\n\n%s: %d of the %.0f images that were correct are misclassified; for the\nothers the last image tried is measured, or the image itself.", 100*(*r.After), r.Attack, r.Found, r.Before*float64(r.Images))
	}
	fmt.Fprint(w, "\n\n")
	r.printFactors(w)
	fmt.Fprintln(w, strings.Join(r.Files, "\n"))
}

func accuracyText(a embedding.Accuracies) string {
	return fmt.Sprintf("  %6.1f%6.1f%8.1f", 100*a.Nearest, 100*a.Five, 100*a.Linear)
}

// printFactors prints a table of factors by codes.
func (r *embedReport) printFactors(w io.Writer) {
	if len(r.Codes) == 0 || r.Codes[0].Factors == nil {
		return
	}
	fmt.Fprintf(w, "Factors that the images were drawn with, predicted from each code by a\nlinear map: R² on the %s images (1: exactly, 0: not at all).\n\n", r.Part)
	line := func(name string, of func(c embedding.CodeResult) string) {
		text := fmt.Sprintf("  %-22s", name)
		for _, c := range r.Codes {
			text += fmt.Sprintf("%12s", of(c))
		}
		fmt.Fprintln(w, strings.TrimRight(text, " "))
	}
	number := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	line("", func(c embedding.CodeResult) string { return c.Code })
	var group pipelines.FactorGroup
	for i, f := range r.Codes[0].Factors.Factors {
		if f.Values > 0 {
			continue
		}
		if f.Group != group {
			group = f.Group
			line(string(group), func(embedding.CodeResult) string { return "" })
		}
		line("  "+f.Name, func(c embedding.CodeResult) string { return number(*c.Factors.Factors[i].R2) })
	}
	if r.Codes[0].Factors.Appearance != nil {
		line("mean of appearance", func(c embedding.CodeResult) string { return number(*c.Factors.Appearance) })
	}
	if r.Codes[0].Factors.Geometry != nil {
		line("mean of geometry", func(c embedding.CodeResult) string { return number(*c.Factors.Geometry) })
	}
	for i, f := range r.Codes[0].Factors.Factors {
		if f.Values > 0 {
			line(f.Name+", % correct", func(c embedding.CodeResult) string { return fmt.Sprintf("%.1f", 100*c.Factors.Factors[i].Accuracy) })
			fmt.Fprintf(w, "  (always predicting the most frequent: %.1f %%)\n", 100*f.Chance)
		}
	}
	if unseen := r.Codes[0].Factors.Unseen; len(unseen) > 0 {
		fmt.Fprintf(w, "  Left out, since the training images do not tell of them: %s.\n", strings.Join(unseen, ", "))
	}
	fmt.Fprintln(w)
	if r.Codes[0].Scores == nil {
		return
	}
	fmt.Fprint(w, "How well single units keep the factors apart (1: a unit for each factor).\n\n")
	line("", func(c embedding.CodeResult) string { return c.Code })
	for _, row := range scoreRows {
		line(row.name, func(c embedding.CodeResult) string { return number(row.of(c.Scores)) })
	}
	fmt.Fprint(w, remarkFit(r.Codes), "\n")
}

// remarkFit says of which codes the fit is worse than none: a unit that hardly varies on
// the training images may lie far outside of what they have on test images.
func remarkFit(codes []embedding.CodeResult) string {
	var worse []string
	for _, c := range codes {
		if c.Scores != nil && c.Scores.DCI.Informativeness < 0 {
			worse = append(worse, c.Code)
		}
	}
	if len(worse) == 0 {
		return ""
	}
	return fmt.Sprintf("  DCI informativeness below 0 (%s): the fit predicts test images worse than the\n  mean of the factor does. It has too few training images: give a larger --fit.\n", strings.Join(worse, ", "))
}

// scoreRows are the scores of a code's units.
var scoreRows = []struct {
	name string
	of   func(s *disentanglement.Scores) float64
}{
	{"MIG", func(s *disentanglement.Scores) float64 { return s.MIG }},
	{"DCI disentanglement", func(s *disentanglement.Scores) float64 { return s.DCI.Disentanglement }},
	{"DCI completeness", func(s *disentanglement.Scores) float64 { return s.DCI.Completeness }},
	{"DCI informativeness", func(s *disentanglement.Scores) float64 { return s.DCI.Informativeness }},
	{"SAP", func(s *disentanglement.Scores) float64 { return s.SAP }},
	{"FactorVAE", func(s *disentanglement.Scores) float64 { return s.FactorVAE }},
}
