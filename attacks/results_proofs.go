package attacks

// HasRadius tells whether a radius bounds the changes of the attack. None bounds
// natural changes, nor the number of changed values.
func (r AttackResult) HasRadius() bool { return r.Family != Natural && r.Norm != L0 }

// IsSpared tells whether attack a need not run on image i: it is proven that no
// change within any of its radii makes the model misclassify it.
func (e *Evaluation) IsSpared(a, i int) bool {
	r := e.Attacks[a]
	return !e.Exhaustive && r.HasRadius() && len(r.Radii) > 0 && e.IsProven(i, r.Radii[len(r.Radii)-1])
}

// IsProven tells whether it is proven of image i that no change within eps makes
// the model misclassify it.
func (e *Evaluation) IsProven(i int, eps float32) bool {
	return i < len(e.Proven) && e.Proven[i] > 0 && eps <= e.Proven[i]
}
