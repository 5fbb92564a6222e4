package report

import "slices"

// Topic heads the page: attacks, or where none was run what is proven.
func (p page) Topic() string {
	isProofs := len(p.Proofs) > 0 && !p.HasAttacks()
	if isProofs && !slices.ContainsFunc(p.Sections, page.HasAttacks) && len(p.Corruptions) == 0 {
		return "Accuracy under any change, by proofs"
	}
	return "Accuracy under attack"
}

// HasAttacks tells whether an attack was run in any evaluation. Without one the page
// has no curves, pictures and costs of attacks.
func (p page) HasAttacks() bool { return len(p.Panels)+len(p.Tables) > 0 || p.Cost != nil }

// HasChecks tells whether there is anything to say of checks.
func (p page) HasChecks() bool {
	return p.HasAttacks() || slices.ContainsFunc(p.Checks, func(l checkList) bool { return len(l.Rows) > 0 })
}
