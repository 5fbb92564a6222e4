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
		if c.Proof != nil {
			if c.Share = formatPercent(c.Proof.Lower.Share); c.Proof.Lower.Count != c.Proof.Upper.Count {
				c.Share = fmt.Sprintf("%.1f–%.1f %%", 100*c.Proof.Lower.Share, 100*c.Proof.Upper.Share)
			}
			c.Interval = fmt.Sprintf("%.1f–%.1f", 100*c.Proof.Interval[0], 100*c.Proof.Interval[1])
			c.Where = f.where(c.Eps) + ", between what is proven and what is not broken"
		}
		if c.Robust != nil {
			c.Share, c.Interval = formatPercent(c.Robust.Share), interval(*c.Robust)
			if c.Where = f.where(c.Eps); c.Under != "" {
				c.Where = "under " + c.Under
			}
		}
		c.Requirements = f.Requirements
		p.Cards = append(p.Cards, c)
	}
	return nil
}

// interval writes the 95 % interval of a share, in per cent.
func interval(r Rate) string { return fmt.Sprintf("%.1f–%.1f", 100*r.Low, 100*r.High) }

func rateCell(r Rate) tableCell {
	return tableCell{Text: fmt.Sprintf("%.1f", 100*r.Share), Small: interval(r)}
}
