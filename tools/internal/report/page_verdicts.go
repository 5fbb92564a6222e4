package report

import (
	_ "embed"
	"fmt"
)

func (r *Report) addVerdicts(p *page) error {
	claim := mayClaimRobustness(r.Runs...)
	for i, f := range r.Runs {
		c := card{Name: r.names[i], Verdict: newVerdict(f, claim), Norm: normSymbol(f.Norm)}
		c.Model = capitalise(describeModel(f.Kind))
		if f.Encoder != "" {
			c.Model += " (" + f.Encoder + ")"
		}
		c.Data = fmt.Sprintf("%s of %s, %s", countImages(f.Images), f.Set, f.Part)
		if f.Part != "" {
			c.Data = fmt.Sprintf("%d %s images of %s", f.Images, f.Part, f.Set)
		}
		if len(f.Worst) > 0 && len(f.Attacks) > 0 {
			c.Radius, c.Share, c.Interval = formatEps(c.Eps), formatPercent(c.Robust.Share), interval(c.Robust)
		}
		p.Cards = append(p.Cards, c)
	}
	return nil
}

// interval writes the 95 % interval of a share, in per cent.
func interval(r Rate) string { return fmt.Sprintf("%.1f–%.1f", 100*r.Low, 100*r.High) }

func rateCell(r Rate) tableCell {
	return tableCell{Text: fmt.Sprintf("%.1f", 100*r.Share), Small: interval(r)}
}
