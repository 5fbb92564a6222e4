package report

import (
	"fmt"

	"unwarp/attacks"
)

// LatticeSummary says of an evaluation whose examples have values k/Levels how many
// images have an example at each radius: any, and such an image.
type LatticeSummary struct {
	Levels int                    `json:"levels"`
	Points []attacks.LatticeCount `json:"points"`
}

// summariseLattice is nil where examples may have any values.
func summariseLattice(e *attacks.Evaluation) *LatticeSummary {
	if e.Lattice == 0 {
		return nil
	}
	s := &LatticeSummary{Levels: e.Lattice, Points: []attacks.LatticeCount{}}
	for _, eps := range e.Radii {
		s.Points = append(s.Points, e.CountLattice(eps))
	}
	return s
}

// describeImages names the images of a lattice.
func (s LatticeSummary) describeImages() string {
	switch s.Levels {
	case 255:
		return "8-bit images (values k/255)"
	case 65535:
		return "16-bit images (values k/65535)"
	}
	return fmt.Sprintf("images of values k/%d", s.Levels)
}

// describeLattice says how many examples survive as images of the lattice; none
// where examples may have any values.
func (f SummaryData) describeLattice(eps float32) []string {
	if f.Lattice == nil {
		return nil
	}
	for _, p := range f.Lattice.Points {
		if p.Eps == eps {
			return []string{fmt.Sprintf("Only %s count as examples: of %s with an example at this radius, %d have one that is such an image.", f.Lattice.describeImages(), countImages(p.Any), p.On)}
		}
	}
	return []string{fmt.Sprintf("Only %s count as examples.", f.Lattice.describeImages())}
}
