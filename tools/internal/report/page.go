package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"unwarp/attacks"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"glue": joinPercent}).Parse(pageText))

// joinPercent keeps a number and its per cent sign on one line of text.
func joinPercent(text string) string { return strings.ReplaceAll(text, " %", "\u00a0%") }

// HTML returns report.html: one file that needs no other.
func (r *Report) HTML() ([]byte, error) {
	p := page{
		Style: template.CSS(pageStyle), Many: len(r.Runs) > 1, Version: r.Version, Written: r.Written.Format("2 January 2006, 15:04 UTC"),
		Differences: r.findDifferences(), WorstName: capitalise(worstCaseName(mayClaimRobustness(r.Runs...))),
	}
	for i, s := range r.pictures {
		s.Name = r.names[i]
		p.Pictures = append(p.Pictures, s)
	}
	p.Title = "Accuracy under attack of " + strings.Join(r.names, ", ")
	steps := []func(*page) error{r.addVerdicts, r.addWorstCase, r.addChecks, r.addAttackCharts, r.addAttackTables, r.addLosses, r.addCosts, r.addFacts}
	for _, step := range steps {
		if err := step(&p); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("report: page: %w", err)
	}
	return b.Bytes(), nil
}

// listNorms lists the norms of the runs, in order: different norms share no axis.
func (r *Report) listNorms() []attacks.Norm {
	var out []attacks.Norm
	for _, f := range r.Runs {
		if !slices.Contains(out, f.Norm) {
			out = append(out, f.Norm)
		}
	}
	return out
}

// listRadii lists the radii of all runs with a norm, ascending.
func (r *Report) listRadii(norm attacks.Norm) []float32 {
	var out []float32
	for _, f := range r.Runs {
		if f.Norm == norm {
			out = append(out, f.Radii...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
