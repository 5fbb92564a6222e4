package pipelines

// dealClasses orders the examples as [interleaveClasses] orders files: the classes take
// turns, and within a class the order stays.
func (m *memorySource) dealClasses() {
	by := make([][]int, m.classes)
	for i, label := range m.labels {
		by[label] = append(by[label], i)
	}
	order := make([]int, 0, len(m.labels))
	for turn := 0; len(order) < len(m.labels); turn++ {
		for _, of := range by {
			if turn < len(of) {
				order = append(order, of[turn])
			}
		}
	}
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
