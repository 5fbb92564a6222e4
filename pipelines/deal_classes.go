package pipelines

// takeTurns is the first of each group, then the second of each, and so on.
func takeTurns[T any](groups [][]T) []T {
	n, longest := 0, 0
	for _, g := range groups {
		n, longest = n+len(g), max(longest, len(g))
	}
	dealt := make([]T, 0, n)
	for turn := range longest {
		for _, g := range groups {
			if turn < len(g) {
				dealt = append(dealt, g[turn])
			}
		}
	}
	return dealt
}

// dealClasses orders the examples as [interleaveClasses] orders files: the classes take
// turns, and within a class the order stays.
func (m *memorySource) dealClasses() {
	by := make([][]int, m.classes)
	for i, label := range m.labels {
		by[label] = append(by[label], i)
	}
	order := takeTurns(by)
	for to, from := range order {
		for from < to { // it was exchanged with what stood there
			from = order[from]
		}
		m.exchange(to, from)
	}
}

// exchange swaps two examples.
func (m *memorySource) exchange(i, j int) {
	if i == j {
		return
	}
	a, b := m.example(i), m.example(j)
	for k := range a {
		a[k], b[k] = b[k], a[k]
	}
	m.labels[i], m.labels[j] = m.labels[j], m.labels[i]
	if m.files != nil {
		m.files[i], m.files[j] = m.files[j], m.files[i]
		m.hashes[i], m.hashes[j] = m.hashes[j], m.hashes[i]
	}
}
