package pipelines

// memorySource is a set held in memory.
type memorySource struct {
	name    string
	shape   Shape
	classes int
	pixels  []uint8 // [len(labels), H, W, C]
	labels  []int32
	names   []string // of the classes; nil if they have none
	// factors describe values, [len(labels), len(factors)]; nil where none are known.
	factors []Factor
	values  []float64
	files   []string   // path of each image's file; nil if they have none of their own
	hashes  []fileHash // of these files; nil if they have none
}

func (m *memorySource) Name() string { return m.name }

func (m *memorySource) Len() int { return len(m.labels) }

func (m *memorySource) Shape() Shape { return m.shape }

func (m *memorySource) Classes() int { return m.classes }

func (m *memorySource) ClassNames() []string { return m.names }

// FactorList is nil where no factors are known.
func (m *memorySource) FactorList() []Factor { return m.factors }

func (m *memorySource) FactorValues(i int) []float64 {
	n := len(m.factors)
	return m.values[i*n : (i+1)*n]
}

func (m *memorySource) At(i int, dst []uint8) (int, error) {
	if err := checkAt(m, i, dst); err != nil {
		return 0, err
	}
	copy(dst, m.example(i))
	return int(m.labels[i]), nil
}

// example is the pixels of an image.
func (m *memorySource) example(i int) []uint8 {
	n := m.shape.Len()
	return m.pixels[i*n : (i+1)*n]
}

func (m *memorySource) Label(i int) int { return int(m.labels[i]) }

// storePlanar stores image i from planes, [C,H,W], and its label.
func (m *memorySource) storePlanar(i int, planes []uint8, label int) {
	n := m.shape.Len()
	to := m.pixels[i*n : (i+1)*n]
	side := m.shape.H * m.shape.W
	for c := range m.shape.C {
		at := c
		for _, v := range planes[c*side : (c+1)*side] {
			to[at] = v
			at += m.shape.C
		}
	}
	m.labels[i] = int32(label)
}

// addFactors makes room for the values of factors.
func (m *memorySource) addFactors(list []Factor) {
	m.factors, m.values = list, make([]float64, len(m.labels)*len(list))
}

// FileName is that of [FromFiles].
func (m *memorySource) FileName(i int) string {
	if m.files == nil {
		return ""
	}
	return m.files[i]
}
