package report

import (
	"slices"

	"unwarp/attacks/checks"
)

func (r *Report) addChecks(p *page) error {
	claim := mayClaimRobustness(r.Runs...)
	var ids []string
	titles := map[string]string{}
	for i, f := range r.Runs {
		v := newVerdict(f, claim)
		list := checkList{Name: r.names[i], Trust: v.Trust, Level: v.Level}
		for _, c := range sortChecks(f.Checks) {
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
			c := tableCell{Text: "–"}
			if k := slices.IndexFunc(f.Checks, func(c checks.Result) bool { return c.ID == id }); k >= 0 {
				c = tableCell{Text: string(f.Checks[k].Status), Class: "badge " + checkRow{f.Checks[k]}.Class()}
			}
			row.Cells = append(row.Cells, c)
		}
		p.Matrix.Rows = append(p.Matrix.Rows, row)
	}
	return nil
}
