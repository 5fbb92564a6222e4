package report

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

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
				row := tableRow{Run: r.mode(i)}
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
