package report

import "fmt"

// addOthers adds the accuracy under attacks whose changes no radius bounds: a table,
// and a chart with a bar for each attack and run.
func (r *Report) addOthers(p *page) error {
	p.Others = r.tablePerAttack(table{Head: []string{"accuracy, %", "misclassified", "of images"}}, func(_ SummaryData, a AttackSummary) []tableCell {
		switch {
		case !a.NoRadius:
			return nil
		case !a.wasRun():
			return []tableCell{{Text: "–"}, {Text: "–"}, {Text: "–"}}
		}
		return []tableCell{rateCell(*a.Accuracy), {Text: fmt.Sprint(a.Found.Count)}, {Text: fmt.Sprint(a.Attempted)}}
	})
	var c chart
	var fig figure
	for i, f := range r.Runs {
		_, others := f.attacksRun()
		for _, a := range others {
			name := a.label()
			if len(r.Runs) > 1 {
				name = r.names[i] + ": " + name
			}
			k := curve{name: name, style: len(c.rates)}
			c.rates = append(c.rates, *a.Accuracy)
			fig.Keys = append(fig.Keys, key{k.bar(), k.name})
			c.curves = append(c.curves, k)
		}
	}
	if len(c.rates) == 0 {
		return nil
	}
	fig.Caption = "Accuracy under changes that no radius bounds"
	c.shares, c.title = true, fig.Caption+", for "+listNames(c.curves)
	c.curves = nil
	var err error
	if fig.Chart, err = c.renderSVG(r.id("others")); err == nil {
		p.OtherChart = &fig
	}
	return err
}
