package report

import (
	"fmt"
	"slices"
)

// gridColumn is a column of a grid: a radius in a measure.
type gridColumn struct {
	measure measure
	eps     float32
}

// gridColumns lists the radii of all runs with attacks that have some.
func (r *Report) gridColumns() []gridColumn {
	var out []gridColumn
	for _, m := range r.listMeasures() {
		if !slices.ContainsFunc(r.Runs, func(f SummaryData) bool {
			return f.measure() == m && slices.ContainsFunc(f.Attacks, func(a AttackSummary) bool { return !a.NoRadius })
		}) {
			continue
		}
		for _, e := range r.listRadii(m) {
			out = append(out, gridColumn{m, e})
		}
	}
	return out
}

// newGrid returns a table with a row for each attack and run, and a column for
// each radius. worst adds a row for the worst case of each run; nil adds none.
func (r *Report) newGrid(title, note string, of func(AttackPoint) tableCell, worst func(Point) tableCell) table {
	t := table{Title: title, Note: note}
	columns := r.gridColumns()
	for _, c := range columns {
		head := c.measure.format(c.eps)
		if c.measure.isGeometric() || len(r.listMeasures()) > 1 {
			head += " " + c.measure.short()
		}
		t.Head = append(t.Head, head)
	}
	for _, text := range r.listAttacks() {
		var rows []tableRow
		name := text
		for i, f := range r.Runs {
			for _, a := range f.Attacks {
				if a.Attack == text && !a.NoRadius {
					name = a.Title
					rows = append(rows, tableRow{Run: r.runLabel(i), Note: a.describeRuns(), Cells: fillCells(columns, f.measure(), a.Points, func(q AttackPoint) float32 { return q.Eps }, of)})
				}
			}
		}
		t.addRows(name, rows)
	}
	if worst == nil {
		return t
	}
	var rows []tableRow
	for i, f := range r.Runs {
		if len(f.Worst) == 0 {
			continue
		}
		rows = append(rows, tableRow{Run: r.names[i], Cells: fillCells(columns, f.measure(), f.Worst, func(q Point) float32 { return q.Eps }, worst)})
	}
	t.addRows(capitalise(worstCaseName(mayClaimRobustness(r.Runs...))), rows)
	return t
}

// fillCells returns the cells of a row: of the point at each column's radius, and
// a dash where there is none.
func fillCells[P any](columns []gridColumn, m measure, points []P, eps func(P) float32, of func(P) tableCell) []tableCell {
	var cells []tableCell
	for _, c := range columns {
		cell := tableCell{Text: "–"}
		if k := slices.IndexFunc(points, func(q P) bool { return eps(q) == c.eps }); k >= 0 && m == c.measure {
			cell = of(points[k])
		}
		cells = append(cells, cell)
	}
	return cells
}

// addRows adds rows that share a name.
func (t *table) addRows(name string, rows []tableRow) {
	for i := range rows {
		rows[i].Name, rows[i].First, rows[i].Span = name, i == 0, len(rows)
	}
	t.Rows = append(t.Rows, rows...)
}

// tablePerAttack returns a table with a row for each attack and run.
func (r *Report) tablePerAttack(t table, of func(SummaryData, AttackSummary) []tableCell) *table {
	for _, text := range r.listAttacks() {
		var rows []tableRow
		for i, f := range r.Runs {
			for _, a := range f.Attacks {
				if a.Attack == text {
					if cells := of(f, a); cells != nil {
						rows = append(rows, tableRow{Name: a.Title, Run: r.names[i], Note: a.describeRuns(), Cells: cells})
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

func (r *Report) addDistances(p *page) {
	p.Distances = r.tablePerAttack(table{Head: []string{"norm", "median", "found", "of images"}}, func(f SummaryData, a AttackSummary) []tableCell {
		if !a.measuresDistance() {
			return nil
		}
		return []tableCell{{Text: f.distanceUnit(a)}, {Text: formatDistance(a.Median)}, {Text: fmt.Sprint(a.Found.Count)}, {Text: fmt.Sprint(a.Attempted)}}
	})
}
