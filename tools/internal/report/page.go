package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"math"
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

// pairOf draws accuracy and success, with one legend for each.
func pairOf(id, title string, norm attacks.Norm, ticks []float32, left, fooled []curve) ([]figure, error) {
	out := []figure{{Caption: "Accuracy left"}, {Caption: "Success: wrong after, given right before"}}
	for k, curves := range [][]curve{left, fooled} {
		c := chart{title: fmt.Sprintf("%s. %s against eps, for %s", title, out[k].Caption, nameList(curves)), x: "eps, " + normShort(norm), curves: curves, shares: true, ticks: ticks}
		svg, err := c.svg(fmt.Sprintf("%s-%d", id, k))
		if err != nil {
			return nil, err
		}
		out[k].Chart = svg
		for _, q := range curves {
			out[k].Keys = append(out[k].Keys, key{q.key(), q.name})
		}
	}
	return out, nil
}

func nameList(curves []curve) string {
	var names []string
	for _, c := range curves {
		names = append(names, c.name)
	}
	return strings.Join(names, "; ")
}

// leftCurve begins without attack.
func leftCurve(clean Rate, points []Point) []place {
	out := []place{{0, clean.Share, clean.Low, clean.High}}
	for _, q := range points {
		out = append(out, place{float64(q.Eps), q.Left.Share, q.Left.Low, q.Left.High})
	}
	return out
}

func fooledCurve(clean Rate, points []Point) []place {
	out := []place{{}}
	if clean.Count == 0 {
		return nil
	}
	for _, q := range points {
		out = append(out, place{float64(q.Eps), q.Fooled.Share, q.Fooled.Low, q.Fooled.High})
	}
	return out
}

func (r *Report) checkTables(p *page) error {
	claim := claims(r.Runs...)
	var ids []string
	titles := map[string]string{}
	for i, f := range r.Runs {
		v := judge(f, claim)
		list := checkList{Name: r.names[i], Trust: v.Trust, Level: v.Level}
		for _, c := range order(f.Checks) {
			for _, text := range []*string{&c.Title, &c.Value, &c.Threshold, &c.Advice, &c.Source} {
				*text = modest(*text, claim)
			}
			list.Rows = append(list.Rows, checkRow{c})
			if titles[c.ID] == "" {
				ids = append(ids, c.ID)
			}
			titles[c.ID] = c.Title
		}
		p.Checks = append(p.Checks, list)
	}
	if len(r.Runs) < 2 || len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	p.Matrix = &table{Head: r.names}
	for _, id := range slices.Compact(ids) {
		row := tableRow{Name: id + " " + titles[id], First: true, Span: 1}
		for _, f := range r.Runs {
			c := cell2{Text: "–"}
			if k := slices.IndexFunc(f.Checks, func(c checks.Result) bool { return c.ID == id }); k >= 0 {
				c = cell2{Text: string(f.Checks[k].Status), Class: "badge " + checkRow{f.Checks[k]}.Class()}
			}
			row.Cells = append(row.Cells, c)
		}
		p.Matrix.Rows = append(p.Matrix.Rows, row)
	}
	return nil
}

// attackCharts draws one panel for each family of attacks of a single run, or
// for each attack of several.
func (r *Report) attackCharts(p *page) error {
	if len(r.Runs) == 1 {
		return r.familyCharts(p, r.Runs[0])
	}
	for n, text := range r.texts() {
		for _, norm := range r.norms() {
			var left, fooled []curve
			title := text
			for i, f := range r.Runs {
				if k := find(f, text); k >= 0 && f.Norm == norm {
					points := own(f.Attacks[k])
					title = f.Attacks[k].Title
					left = append(left, curve{r.names[i], i, false, leftCurve(f.Clean, points)})
					fooled = append(fooled, curve{r.names[i], i, false, fooledCurve(f.Clean, points)})
				}
			}
			if len(left) == 0 {
				continue
			}
			if err := p.addPanel(fmt.Sprintf("attack%d%s", n, norm), title, norm, r.radii(norm), left, fooled); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *page) addPanel(id, title string, norm attacks.Norm, ticks []float32, left, fooled []curve) error {
	pair, err := pairOf(id, title, norm, ticks, left, fooled)
	if err != nil {
		return err
	}
	keys := pair[0].Keys
	pair[0].Keys, pair[1].Keys = nil, nil
	p.Panels = append(p.Panels, panel{Title: title, Figures: pair, Keys: keys})
	return nil
}

var familyWords = map[attacks.Family]string{
	attacks.Baseline: "Baselines: no knowledge of the model", attacks.WhiteBox: "White box: along the model's gradient",
	attacks.Adaptive: "Adaptive: made for this model", attacks.Score: "Black box, reading scores",
	attacks.Decision: "Black box, reading the class alone", attacks.Transfer: "Transfer: along another model's gradient",
	attacks.Natural: "Natural changes",
}

func (r *Report) familyCharts(p *page, f Figures) error {
	for _, family := range []attacks.Family{attacks.Baseline, attacks.WhiteBox, attacks.Adaptive, attacks.Score, attacks.Decision, attacks.Transfer, attacks.Natural} {
		var left, fooled []curve
		for _, a := range f.Attacks {
			if a.Family == family {
				points := own(a)
				left = append(left, curve{a.Title, len(left) + 1, false, leftCurve(f.Clean, points)})
				fooled = append(fooled, curve{a.Title, len(fooled) + 1, false, fooledCurve(f.Clean, points)})
			}
		}
		if len(left) == 0 {
			continue
		}
		left = append(left, curve{worstWords(claims(f)), 0, true, leftCurve(f.Clean, f.Worst)})
		fooled = append(fooled, curve{worstWords(claims(f)), 0, true, fooledCurve(f.Clean, f.Worst)})
		if err := p.addPanel("family-"+string(family), familyWords[family], f.Norm, f.Radii, left, fooled); err != nil {
			return err
		}
	}
	return nil
}

func own(a Attacked) []Point {
	var out []Point
	for _, q := range a.Points {
		out = append(out, q.Point)
	}
	return out
}

// texts are the attacks of all runs, in order.
func (r *Report) texts() []string {
	var out []string
	for _, f := range r.Runs {
		for _, a := range f.Attacks {
			if !slices.Contains(out, a.Attack) {
				out = append(out, a.Attack)
			}
		}
	}
	return out
}

func find(f Figures, text string) int {
	return slices.IndexFunc(f.Attacks, func(a Attacked) bool { return a.Attack == text })
}

// attackTables are the figures behind the charts.
func (r *Report) attackTables(p *page) error {
	var exhaustive, survivors []string
	for i, f := range r.Runs {
		if f.Exhaustive {
			exhaustive = append(exhaustive, r.names[i])
		} else {
			survivors = append(survivors, r.names[i])
		}
	}
	mode := func(runs []string, text string) {
		switch {
		case len(runs) == 0:
		case len(runs) == len(r.Runs):
			p.Modes = append(p.Modes, capital(text))
		default:
			p.Modes = append(p.Modes, strings.Join(runs, ", ")+": "+text)
		}
	}
	mode(exhaustive, "every attack saw every image at every radius; each row is that attack's own figure, the best up to that radius.")
	mode(survivors, "each attack saw only what the attacks above it had left standing; each row is what it and those above it left together. What it would have done alone is not known.")
	left := "Accuracy left, %"
	if len(exhaustive) == 0 {
		left = "Accuracy left after this attack and those above it, %"
	}
	wrongText := "Success, %: wrong after, given right before"
	if len(exhaustive) == 0 {
		wrongText = "Success so far, %: wrong after this attack and those above it, given right before"
	}
	p.Tables = append(p.Tables,
		r.grid(left, "", func(q AttackPoint) cell2 {
			c := share(q.Left)
			if q.Weaker != "" {
				c.Text, c.Class = c.Text+" !", "weak"
			}
			return c
		}, func(q Point) cell2 { return share(q.Left) }),
		r.grid(wrongText, "", func(q AttackPoint) cell2 { return share(q.Fooled) }, func(q Point) cell2 { return share(q.Fooled) }),
	)
	note := "Images that this attack broke and none above it."
	if len(exhaustive) > 0 {
		note += " Alone: so many of them no other attack broke at all."
	}
	if len(survivors) > 0 {
		note += " Where later attacks saw survivors only, nobody knows whether they would have broken them too."
	}
	p.Tables = append(p.Tables, r.grid("Finds that no earlier attack made", note, func(q AttackPoint) cell2 {
		c := cell2{Text: fmt.Sprint(q.Added)}
		if q.Only != nil && *q.Only > 0 {
			c.Small = fmt.Sprintf("%d alone", *q.Only)
		}
		return c
	}, nil))
	if len(exhaustive) > 0 {
		p.Tables = append(p.Tables, r.grid("Single runs: accuracy left at exactly this radius, %", "What papers print: success at a smaller radius does not count here, so that a row can rise again. Attacks that find the smallest change by themselves have no such runs.", func(q AttackPoint) cell2 {
			if q.Tried == 0 {
				return cell2{Text: "–"}
			}
			wrong := q.Left.Of - q.Left.Count - q.Fooled.Count // before the attack
			return cell2{Text: fmt.Sprintf("%.1f", 100*(1-float64(wrong+q.Broken)/float64(max(1, q.Left.Of))))}
		}, nil))
	}
	r.distances(p)
	return nil
}

// grid is a table with a row for each attack and run, and a column for each radius.
func (r *Report) grid(title, note string, of func(AttackPoint) cell2, worst func(Point) cell2) table {
	t := table{Title: title, Note: note}
	var columns []struct {
		norm attacks.Norm
		eps  float32
	}
	norms := r.norms()
	for _, n := range norms {
		for _, e := range r.radii(n) {
			columns = append(columns, struct {
				norm attacks.Norm
				eps  float32
			}{n, e})
			head := epsText(e)
			if len(norms) > 1 {
				head += " " + normShort(n)
			}
			t.Head = append(t.Head, head)
		}
	}
	add := func(name string, rows []tableRow) {
		for i := range rows {
			rows[i].Name, rows[i].First, rows[i].Span = name, i == 0, len(rows)
		}
		t.Rows = append(t.Rows, rows...)
	}
	for _, text := range r.texts() {
		var rows []tableRow
		name := text
		for i, f := range r.Runs {
			for _, a := range f.Attacks {
				if a.Attack != text {
					continue
				}
				name = a.Title
				row := tableRow{Run: r.names[i]}
				for _, c := range columns {
					k := slices.IndexFunc(a.Points, func(q AttackPoint) bool { return q.Eps == c.eps })
					if k < 0 || f.Norm != c.norm {
						row.Cells = append(row.Cells, cell2{Text: "–"})
					} else {
						row.Cells = append(row.Cells, of(a.Points[k]))
					}
				}
				rows = append(rows, row)
			}
		}
		add(name, rows)
	}
	if worst == nil {
		return t
	}
	var rows []tableRow
	for i, f := range r.Runs {
		row := tableRow{Run: r.names[i]}
		for _, c := range columns {
			k := slices.IndexFunc(f.Worst, func(q Point) bool { return q.Eps == c.eps })
			if k < 0 || f.Norm != c.norm {
				row.Cells = append(row.Cells, cell2{Text: "–"})
			} else {
				row.Cells = append(row.Cells, worst(f.Worst[k]))
			}
		}
		rows = append(rows, row)
	}
	add(capital(worstWords(claims(r.Runs...))), rows)
	return t
}

// perAttack is a table with a row for each attack and run.
func (r *Report) perAttack(t table, of func(Figures, Attacked) []cell2) *table {
	for _, text := range r.texts() {
		var rows []tableRow
		for i, f := range r.Runs {
			for _, a := range f.Attacks {
				if a.Attack == text {
					if cells := of(f, a); cells != nil {
						rows = append(rows, tableRow{Name: a.Title, Run: r.names[i], Cells: cells})
					}
				}
			}
		}
		for i := range rows {
			rows[i].First, rows[i].Span, rows[i].Name = i == 0, len(rows), rows[0].Name
		}
		t.Rows = append(t.Rows, rows...)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return &t
}

func (r *Report) distances(p *page) {
	p.Distances = r.perAttack(table{Head: []string{"norm", "median", "found", "of images"}}, func(_ Figures, a Attacked) []cell2 {
		if !a.Whole {
			return nil
		}
		return []cell2{{Text: normShort(a.Norm)}, {Text: distanceText(a.Median)}, {Text: fmt.Sprint(a.Found.Count)}, {Text: fmt.Sprint(a.Made)}}
	})
}

// losses draws, for each loss that attacks follow, its mean at each iterate:
// losses of different kinds share no axis.
func (r *Report) losses(p *page) error {
	var kinds []string
	by := map[string][]curve{}
	for i, f := range r.Runs {
		for _, a := range f.Attacks {
			if len(a.Loss) == 0 {
				continue
			}
			kind := "what the attack itself follows"
			if len(a.Losses) > 0 {
				kind = lossNames(a.Losses[0])
			}
			name := a.Title
			if len(r.Runs) > 1 {
				name = r.names[i] + ": " + name
			}
			var points []place
			for _, q := range a.Loss {
				if !math.IsInf(q.Mean, 0) && !math.IsNaN(q.Mean) {
					points = append(points, place{float64(q.Iterate), q.Mean, q.Mean, q.Mean})
				}
			}
			if by[kind] == nil {
				kinds = append(kinds, kind)
			}
			by[kind] = append(by[kind], curve{fmt.Sprintf("%s (%s)", name, images(a.Traced)), len(by[kind]), false, points})
		}
	}
	for n, kind := range kinds {
		c := chart{title: "Mean loss against iteration, " + kind + ": " + nameList(by[kind]), x: "iteration", curves: by[kind]}
		svg, err := c.svg(fmt.Sprintf("loss%d", n))
		if err != nil {
			return err
		}
		fig := figure{Caption: "Mean loss: " + kind, Chart: svg}
		for _, q := range by[kind] {
			fig.Keys = append(fig.Keys, key{q.key(), q.name})
		}
		p.Losses = append(p.Losses, fig)
	}
	return nil
}

func (r *Report) costs(p *page) error {
	p.Cost = r.perAttack(table{Head: []string{"images", "forward", "backward", "referee", "seconds"}}, func(_ Figures, a Attacked) []cell2 {
		each := func(n int) cell2 {
			if a.Made == 0 {
				return cell2{Text: "–"}
			}
			return cell2{Text: fmt.Sprintf("%.1f", float64(n)/float64(a.Made))}
		}
		return []cell2{{Text: fmt.Sprint(a.Made)}, each(a.Cost.Forward), each(a.Cost.Backward), each(a.Cost.Referee), {Text: fmt.Sprintf("%.1f", a.Seconds)}}
	})
	n := 0
	for i, f := range r.Runs {
		for _, a := range f.Attacks {
			if a.Queries == nil {
				continue
			}
			name := a.Title
			if len(r.Runs) > 1 {
				name = r.names[i] + ": " + name
			}
			c := chart{title: fmt.Sprintf("Images by forward passes until the first example, %s; median %d", name, a.Queries.Median), x: "forward passes, from", bars: a.Queries.Bins}
			svg, err := c.svg(fmt.Sprintf("queries%d", n))
			if err != nil {
				return err
			}
			n++
			p.Queries = append(p.Queries, figure{Caption: fmt.Sprintf("%s: median %d", name, a.Queries.Median), Chart: svg})
		}
	}
	return nil
}

// facts are what is needed to repeat the evaluations.
func (r *Report) facts(p *page) error {
	p.Facts = table{Head: r.names}
	claim := claims(r.Runs...)
	add := func(name string, of func(Figures) string) {
		row := tableRow{Name: name, First: true, Span: 1}
		for _, f := range r.Runs {
			row.Cells = append(row.Cells, cell2{Text: orUnknown(of(f))})
		}
		p.Facts.Rows = append(p.Facts.Rows, row)
	}
	add("Model", func(f Figures) string { return strings.TrimSpace(f.Kind + " " + f.Encoder) })
	add("Checkpoint", func(f Figures) string { return f.Checkpoint })
	add("Model hash", func(f Figures) string { return f.ModelHash })
	add("Data", func(f Figures) string { return strings.TrimSpace(f.Set + " " + f.Part) })
	add("Data hash", func(f Figures) string { return f.DataHash })
	add("Images", func(f Figures) string {
		return fmt.Sprintf("%d of %d×%d×%d, %d classes", f.Images, f.Shape[0], f.Shape[1], f.Shape[2], f.Classes)
	})
	add("Threat", func(f Figures) string { return normWords(f.Norm) + "; values stay in [0,1]" })
	add("Attacks", func(f Figures) string {
		if f.Exhaustive {
			return "exhaustive: each on every image at every radius"
		}
		return "each on what those before it left"
	})
	add("Ended", func(f Figures) string {
		if f.Stopped != "" {
			return fmt.Sprintf("early: %s; %d attempts not made", f.Stopped, f.Missing)
		}
		return "complete"
	})
	add("Seed", func(f Figures) string { return fmt.Sprint(f.Seed) })
	add("Gradients", func(f Figures) string { return f.Precision })
	add("Verdicts", func(Figures) string { return "float32, by a fresh forward pass over each changed image" })
	add("Time", func(f Figures) string {
		return fmt.Sprintf("%.1f s; %d forward, %d backward, %d referee passes", f.Seconds, f.Cost.Forward, f.Cost.Backward, f.Cost.Referee)
	})
	add("Date", func(f Figures) string {
		if f.Date.IsZero() {
			return ""
		}
		return f.Date.UTC().Format("2006-01-02 15:04 UTC")
	})
	add("Machine", func(f Figures) string { return f.Machine })
	add("unwarp", func(f Figures) string { return f.Version })
	add("TensorFlow", func(f Figures) string { return f.TensorFlow })
	add("Command", func(f Figures) string { return f.Command })
	for _, text := range r.texts() {
		for _, f := range r.Runs {
			if k := find(f, text); k >= 0 {
				a := f.Attacks[k]
				list := slices.Clone(a.Params)
				for i := range list {
					list[i].Help = modest(list[i].Help, claim)
				}
				p.Params = append(p.Params, params{a.Attack, a.Title, a.Paper, list, planWords(a)})
				break
			}
		}
	}
	return nil
}

// planWords says how many steps of which size were made at which radius.
func planWords(a Attacked) string {
	var out []string
	for _, q := range a.Points {
		if q.Steps > 0 {
			out = append(out, fmt.Sprintf("eps %s: %s of %.4g", epsText(q.Eps), plural(q.Steps, "step"), q.Alpha))
		}
	}
	return strings.Join(out, "; ")
}
