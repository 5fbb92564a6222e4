package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
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
	p, err := r.newPage()
	if err != nil {
		return nil, err
	}
	p.Style = template.CSS(pageStyle)
	for _, t := range r.Threats {
		section, err := t.newPage()
		if err != nil {
			return nil, err
		}
		m := t.Runs[0].measure()
		section.Heading, section.Explanation = capitalise(t.Threat), capitalise(m.describe())+"."
		p.Sections = append(p.Sections, section)
	}
	if err := r.addCorruptions(&p); err != nil {
		return nil, err
	}
	p.Title = "Accuracy under attack of " + strings.Join(r.allNames(), ", ")
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("report: page: %w", err)
	}
	return b.Bytes(), nil
}

// newPage is what the template shows of the runs of r, which have norms or one
// geometric threat.
func (r *Report) newPage() (page, error) {
	p := page{
		Many: len(r.Runs) > 1, Version: r.Version, Written: r.Written.Format("2 January 2006, 15:04 UTC"),
		Differences: r.findDifferences(), WorstName: capitalise(worstCaseName(mayClaimRobustness(r.Runs...))),
	}
	if len(r.Runs) == 0 {
		return p, nil
	}
	for i, s := range r.pictures {
		s.Name = r.names[i]
		p.Pictures = append(p.Pictures, s)
	}
	steps := []func(*page) error{r.addVerdicts, r.addWorstCase, r.addProofs, r.addChecks, r.addAttackCharts, r.addAttackTables, r.addLosses, r.addCosts, r.addFacts}
	for _, step := range steps {
		if err := step(&p); err != nil {
			return p, err
		}
	}
	return p, nil
}

// id is the id of an element of the page; those of each threat are their own.
func (r *Report) id(format string, args ...any) string {
	return r.prefix + fmt.Sprintf(format, args...)
}

// allNames are the names of all runs, each once.
func (r *Report) allNames() []string {
	names := slices.Clone(r.names)
	for _, t := range r.Threats {
		names = append(names, t.names...)
	}
	for _, c := range r.Corruptions {
		names = append(names, shortName(c.Run))
	}
	var out []string
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// listMeasures lists the measures of the runs, in order: different ones share no
// axis.
func (r *Report) listMeasures() []measure {
	var out []measure
	for _, f := range r.Runs {
		if m := f.measure(); !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// listRadii lists the radii of all runs with a measure, ascending.
func (r *Report) listRadii(m measure) []float32 {
	var out []float32
	for _, f := range r.Runs {
		if f.measure() == m {
			out = append(out, f.Radii...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
