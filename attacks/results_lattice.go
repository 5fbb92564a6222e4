package attacks

// LatticeCount says of the images that are classified correctly without attack how
// many have an example within a radius: any, and one of the lattice.
type LatticeCount struct {
	Eps float32 `json:"eps"`
	Any int     `json:"any"`
	On  int     `json:"on_lattice"`
}

// CountLattice counts the images with examples within eps.
func (e *Evaluation) CountLattice(eps float32) LatticeCount {
	n := LatticeCount{Eps: eps}
	for i := range e.Images {
		on, off := false, false
		for a := range e.Attacks {
			on = on || e.Misclassified(a, i, eps)
			d := e.Attacks[a].Results[i].OffLattice
			off = off || d != nil && e.Within(*d, eps)
		}
		if !e.Correct(i) {
			continue
		}
		if on {
			n.On++
		}
		if on || off {
			n.Any++
		}
	}
	return n
}
