package graphs

// Again is a scope at the root of the variables in which the layers of the pass
// can be entered once more, for other images: they find the variables that the
// pass has. name prefixes its ops. Statistics of batch norm that it would move are
// left alone, and dropout draws the same masks for the same rows.
func (s *Scope) Again(name string) *Scope {
	p := *s.pass
	p.entered, p.updates, p.statistics = map[string]bool{}, nil, nil
	return &Scope{b: s.b, op: s.op.SubScope(name), pass: &p, frozen: s.frozen}
}
