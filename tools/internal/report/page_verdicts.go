package report

import (
	_ "embed"
	"fmt"
)

func (r *Report) addVerdicts(p *page) error {
	claim := mayClaimRobustness(r.Runs...)
	for i, f := range r.Runs {
		c := card{Name: r.names[i], Verdict: newVerdict(f, claim)}
		c.Model = capitalise(describeModel(f.Kind))
		if f.Encoder != "" {
			c.Model += " (" + shortName(f.Encoder) + ")"
		}
		c.Data = describeImages(f)
		if c.Robust != nil {
			c.Share, c.Interval = formatPercent(c.Robust.Share), interval(*c.Robust)
			if c.Where = fmt.Sprintf("at eps %s (%s)", formatEps(c.Eps), normSymbol(f.Norm)); c.Under != "" {
				c.Where = "under " + c.Under
			}
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
