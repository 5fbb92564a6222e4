package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"glue": glue}).Parse(pageText))

// glue keeps a number and its per cent sign on one line.
func glue(text string) string { return strings.ReplaceAll(text, " %", "\u00a0%") }

// page is what the template shows.
type page struct {
	Style       template.CSS
	Title       string
	Many        bool
	Version     string
	Written     string
	Cards       []card
	Differences []string
	Worst       []figure
	WorstName   string
	Threats     []string
	Definitions []definition
	Matrix      *table
	Checks      []checkList
	Panels      []panel
	Tables      []table
	Modes       []string
	Distances   *table
	Losses      []figure
	Pictures    []shown
	Queries     []figure
	Cost        *table
	Facts       table
	Params      []params
}

// withTable is what the template of rows needs.
type withTable struct {
	Many  bool
	Table any
}

// With hands a table to the template of rows.
func (p page) With(table any) withTable { return withTable{p.Many, table} }

// card is the verdict on one run.
type card struct {
	Name, Model, Data, Radius, Norm, Share, Interval string
	Verdict
}

// figure is a chart with its legend.
type figure struct {
	Caption string
	Chart   template.HTML
	Keys    []key
}

type key struct {
	Line template.HTML
	Name string
}

// panel is a pair of charts: accuracy and success.
type panel struct {
	Title, Note string
	Figures     []figure
	Keys        []key
}

type definition struct {
	Name string
	Rows []definitionRow
}

type definitionRow struct {
	Eps                   string
	Left, Fooled, Changed cell2
}

// cell2 is a figure with something smaller below it.
type cell2 struct{ Text, Small, Class string }

type table struct {
	Title, Note string
	Head        []string
	Rows        []tableRow
}

type tableRow struct {
	Name, Run string
	First     bool // of the rows with this name
	Span      int
	Cells     []cell2
}

type checkList struct {
	Name, Trust string
	Level       Level
	Rows        []checkRow
}

type checkRow struct{ checks.Result }

func (c checkRow) Class() string { return strings.ToLower(string(c.Status)) }

// Places lists offending images.
func (c checkRow) Places() string { return places(c.Images, 20) }

type params struct {
	Attack, Title, Paper string
	Params               []attacks.Param
	Plan                 string
}

// HTML is report.html: one file that needs no other.
func (r *Report) HTML() ([]byte, error) {
	p := page{
		Style: template.CSS(pageStyle), Many: len(r.Runs) > 1, Version: r.Version, Written: r.Written.Format("2 January 2006, 15:04 UTC"),
		Differences: r.differences(), WorstName: capital(worstWords(claims(r.Runs...))),
	}
	for i, s := range r.shown {
		s.Name = r.names[i]
		p.Pictures = append(p.Pictures, s)
	}
	p.Title = "What attacks leave of " + strings.Join(r.names, ", ")
	steps := []func(*page) error{r.verdicts, r.worst, r.checkTables, r.attackCharts, r.attackTables, r.losses, r.costs, r.facts}
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

func (r *Report) verdicts(p *page) error {
	claim := claims(r.Runs...)
	for i, f := range r.Runs {
		c := card{Name: r.names[i], Verdict: judge(f, claim), Norm: normShort(f.Norm)}
		c.Model = capital(article(f.Kind))
		if f.Encoder != "" {
			c.Model += " (" + f.Encoder + ")"
		}
		c.Data = fmt.Sprintf("%s of %s, %s", images(f.Images), f.Set, f.Part)
		if f.Part != "" {
			c.Data = fmt.Sprintf("%d %s images of %s", f.Images, f.Part, f.Set)
		}
		if len(f.Worst) > 0 && len(f.Attacks) > 0 {
			c.Radius, c.Share, c.Interval = epsText(c.Eps), percentWords(c.Left.Share), interval(c.Left)
		}
		p.Cards = append(p.Cards, c)
	}
	return nil
}

// interval is the 95 % interval of a share, in per cent.
func interval(r Rate) string { return fmt.Sprintf("%.1f–%.1f", 100*r.Low, 100*r.High) }

func share(r Rate) cell2 {
	return cell2{Text: fmt.Sprintf("%.1f", 100*r.Share), Small: interval(r)}
}

// norms are those of the runs, in order: figures of different norms share no axis.
func (r *Report) norms() []attacks.Norm {
	var out []attacks.Norm
	for _, f := range r.Runs {
		if !slices.Contains(out, f.Norm) {
			out = append(out, f.Norm)
		}
	}
	return out
}

// radii of all runs with a norm, ascending.
func (r *Report) radii(norm attacks.Norm) []float32 {
	var out []float32
	for _, f := range r.Runs {
		if f.Norm == norm {
			out = append(out, f.Radii...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (r *Report) worst(p *page) error {
	for n, norm := range r.norms() {
		var left, fooled chart
		for i, f := range r.Runs {
			if f.Norm == norm {
				points := f.Worst
				left.curves = append(left.curves, curve{r.names[i], i, true, leftCurve(f.Clean, points)})
				fooled.curves = append(fooled.curves, curve{r.names[i], i, true, fooledCurve(f.Clean, points)})
			}
		}
		pair, err := pairOf(fmt.Sprintf("worst%d", n), "Worst case per image", norm, r.radii(norm), left.curves, fooled.curves)
		if err != nil {
			return err
		}
		p.Worst = append(p.Worst, pair...)
		p.Threats = append(p.Threats, normWords(norm))
	}
	for i, f := range r.Runs {
		d := definition{Name: r.names[i], Rows: []definitionRow{{"0", share(f.Clean), cell2{Text: "–"}, cell2{Text: "–"}}}}
		for _, q := range f.Worst {
			d.Rows = append(d.Rows, definitionRow{epsText(q.Eps), share(q.Left), share(q.Fooled), share(q.Changed)})
		}
		p.Definitions = append(p.Definitions, d)
	}
	return nil
}
