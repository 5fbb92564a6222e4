package bounds

// Alone makes intervals by CROWN those of the paper.
func (b *Bounds) Alone() { b.alone = true }
