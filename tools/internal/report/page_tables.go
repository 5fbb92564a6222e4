package report

import (
	"fmt"
	"slices"
	"strings"
)

// listAttacks lists the attacks of all runs, in order.
func (r *Report) listAttacks() []string {
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

func findAttack(f SummaryData, text string) int {
	return slices.IndexFunc(f.Attacks, func(a AttackSummary) bool { return a.Attack == text })
}

// addAttackTables adds the numbers of the charts.
func (r *Report) addAttackTables(p *page) error {
	r.addDistances(p)
	if err := r.addOthers(p); err != nil || len(r.gridColumns()) == 0 {
		return err
	}
	exhaustive, cascaded := r.splitRuns()
	p.addMode(r, exhaustive, "every attack saw every image at every radius; each row is the accuracy under that attack alone, its best up to that radius.")
	p.addMode(r, cascaded, "each attack saw only images and radii that are still classified correctly under the attacks above it; each row is the accuracy under it and those above it together. Its accuracy alone is not known.")
	accuracy, success := "Accuracy under attack, %", "Success, %: misclassified after, given correct before"
	if len(exhaustive) == 0 {
		accuracy = "Accuracy under this attack and those above it, %"
		success = "Success so far, %: misclassified after this attack and those above it, given correct before"
	}
	p.Tables = append(p.Tables,
		r.newGrid(accuracy, "", func(q AttackPoint) tableCell {
			c := rateCell(q.Robust)
			if q.WeakerThan != "" {
				c.Text, c.Class = c.Text+" !", "weak"
			}
			return c
		}, func(q Point) tableCell { return rateCell(q.Robust) }),
		r.newGrid(success, "", func(q AttackPoint) tableCell { return rateCell(q.Misclassified) }, func(q Point) tableCell { return rateCell(q.Misclassified) }),
		r.firstFindsTable(len(exhaustive) > 0, len(cascaded) > 0),
	)
	if len(exhaustive) > 0 {
		p.Tables = append(p.Tables, r.singleRunsTable())
	}
	return nil
}

// splitRuns returns the names of the runs whose evaluation is exhaustive, and of
// those whose later attacks saw only the remaining images.
func (r *Report) splitRuns() (exhaustive, cascaded []string) {
	for i, f := range r.Runs {
		if f.Exhaustive {
			exhaustive = append(exhaustive, r.names[i])
		} else {
			cascaded = append(cascaded, r.names[i])
		}
	}
	return exhaustive, cascaded
}

// addMode explains the rows of some runs.
func (p *page) addMode(r *Report, runs []string, text string) {
	switch {
	case len(runs) == 0:
	case len(runs) == len(r.Runs):
		p.Modes = append(p.Modes, capitalise(text))
	default:
		p.Modes = append(p.Modes, strings.Join(runs, ", ")+": "+text)
	}
}

// firstFindsTable counts the images that each attack was the first to succeed on.
func (r *Report) firstFindsTable(exhaustive, cascaded bool) table {
	note := "Images that are misclassified under this attack and under none above it."
	if exhaustive {
		note += " Alone: so many of them are misclassified under no other attack."
	}
	if cascaded {
		note += " Where later attacks saw only the remaining images, it is not known whether they would have succeeded on these too."
	}
	return r.newGrid("Images found by no earlier attack", note, func(q AttackPoint) tableCell {
		c := tableCell{Text: fmt.Sprint(q.NewlyMisclassified)}
		if q.OnlyThis != nil && *q.OnlyThis > 0 {
			c.Small = fmt.Sprintf("%d alone", *q.OnlyThis)
		}
		return c
	}, nil)
}

// singleRunsTable shows the accuracy at single radii, as papers print it.
func (r *Report) singleRunsTable() table {
	const note = "As papers print it: success at a smaller radius does not count here, so a row can rise again. Attacks that minimise the change have no such runs."
	return r.newGrid("Single runs: accuracy at exactly this radius, %", note, func(q AttackPoint) tableCell {
		if q.Tried == 0 {
			return tableCell{Text: "–"}
		}
		before := q.Robust.Of - q.Robust.Count - q.Misclassified.Count // misclassified without attack
		return tableCell{Text: fmt.Sprintf("%.1f", 100*(1-float64(before+q.Succeeded)/float64(max(1, q.Robust.Of))))}
	}, nil)
}
