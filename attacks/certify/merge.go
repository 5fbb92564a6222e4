package certify

import (
	"fmt"
	"slices"
)

// Merge puts together what certificates of the same threat, model and images know,
// such as those of the shards of a run.
func Merge(all ...*Certificate) (*Certificate, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("proofs: want at least one certificate, got none")
	}
	m := *all[0]
	m.Images = make([]ImageProof, len(all[0].Images))
	for i, p := range all[0].Images {
		p.Attempts = slices.Clone(p.Attempts)
		m.Images[i] = p
	}
	m.Provers, m.Earlier = slices.Clone(m.Provers), slices.Clone(m.Earlier)
	for _, c := range all[1:] {
		if err := m.checkSame(c); err != nil {
			return nil, err
		}
		m.merge(c)
	}
	return &m, nil
}

// checkSame refuses a certificate of something else.
func (c *Certificate) checkSame(d *Certificate) error {
	for _, f := range []struct{ what, want, got string }{
		{"threat", c.Threat, d.Threat}, {"model", c.Model, d.Model}, {"data", c.Data, d.Data}, {"model of which it is", c.Proves, d.Proves},
		{"lattice", fmt.Sprint(c.Lattice), fmt.Sprint(d.Lattice)},
	} {
		if f.want != f.got {
			return fmt.Errorf("proofs: want certificates of the same %s, got %.16q and %.16q", f.what, f.want, f.got)
		}
	}
	for i := range c.Images {
		if len(c.Images) != len(d.Images) || c.Images[i].Index != d.Images[i].Index || c.Images[i].Label != d.Images[i].Label {
			return fmt.Errorf("proofs: want certificates of the same %d images, got others", len(c.Images))
		}
	}
	return nil
}

// merge adds what d knows.
func (c *Certificate) merge(d *Certificate) {
	c.Sizes, c.Radius = mergeSizes(c.Sizes, d.Sizes), c.Radius || d.Radius
	c.Seconds, c.Resumed, c.Refuted = c.Seconds+d.Seconds, c.Resumed+d.Resumed, c.Refuted+d.Refuted
	if c.Stopped == "" {
		c.Stopped = d.Stopped
	}
	c.addEarlier(d)
	for i, p := range d.Images {
		is := &c.Images[i]
		if p.Proven > is.Proven {
			is.Proven, is.Method = p.Proven, p.Method
		}
		if p.Broken < is.Broken {
			is.Broken, is.Class, is.Example = p.Broken, p.Class, p.Example
		}
		is.Correct = is.Correct && p.Correct
		for _, a := range p.Attempts {
			a.By = c.proverPlace(d.Provers[a.By])
			is.record(a)
		}
	}
}

// addEarlier adds the methods of d, whose proofs c takes over.
func (c *Certificate) addEarlier(d *Certificate) {
	for _, m := range append([]string{d.Method}, d.Earlier...) {
		if m != c.Method && !slices.Contains(c.Earlier, m) {
			c.Earlier = append(c.Earlier, m)
		}
	}
}
