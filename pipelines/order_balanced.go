package pipelines

// balancedOrder draws orders of an epoch in which each class has the same share.
type balancedOrder struct {
	classes [][]int // the examples of each class that has some
	next    []int   // of each class, the place of its next example
}

func newBalancedOrder(src Source) *balancedOrder {
	by := make([][]int, src.Classes())
	for i := range src.Len() {
		by[src.Label(i)] = append(by[src.Label(i)], i)
	}
	b := &balancedOrder{}
	for _, examples := range by {
		if len(examples) > 0 {
			b.classes = append(b.classes, examples)
		}
	}
	b.next = make([]int, len(b.classes))
	return b
}

// write writes the order of an epoch, of as many examples as the set has: those of small classes
// several times, those of large ones not all. Before an example comes again all others of its
// class have come.
func (b *balancedOrder) write(to []int, seed Seed, epoch int, gen *generator) {
	r := gen.reseed(seed.Split("balanced", epoch))
	shuffle := func(x []int) { r.Shuffle(len(x), func(i, j int) { x[i], x[j] = x[j], x[i] }) }
	order := make([][]int, len(b.classes)) // an epoch's own: the stream may begin at any
	for k, examples := range b.classes {
		order[k], b.next[k] = append([]int(nil), examples...), 0
		shuffle(order[k])
	}
	first := r.IntN(len(order)) // which classes have one example more
	for i := range to {
		k := (first + i) % len(order)
		if b.next[k] == len(order[k]) {
			shuffle(order[k])
			b.next[k] = 0
		}
		to[i] = order[k][b.next[k]]
		b.next[k]++
	}
	shuffle(to)
}
