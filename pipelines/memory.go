package pipelines

// defaultMemory is what a set may take in megabytes unless told otherwise.
const defaultMemory = 4096

// budget is the memory that the images of all parts of a set share.
type budget struct {
	name  string
	limit uint64 // bytes
	used  uint64
}

func newBudget(d Data) *budget {
	mb := d.Memory
	if mb == 0 {
		mb = defaultMemory
	}
	return &budget{name: d.Set, limit: uint64(mb) << 20}
}

// take sets memory for n images of shape sh aside, or says what it would need. Each of n, height,
// width and channels is below 2^31 and an image below 2^32 bytes.
func (b *budget) take(n int, sh Shape) error {
	need := uint64(n) * uint64(sh.Len())
	if b.used += need; b.used > b.limit {
		const mb = 1 << 20
		return asked("pipelines: %s: want images of at most %d MB in memory, got %d MB with the %d images of %v: set memory to %d or more, or use fewer or smaller images",
			b.name, b.limit/mb, (b.used+mb-1)/mb, n, sh, (b.used+mb-1)/mb)
	}
	return nil
}

// newMemory makes room for n images.
func (b *budget) newMemory(part string, n int, sh Shape, names []string) (*memory, error) {
	if err := b.take(n, sh); err != nil {
		return nil, err
	}
	return &memory{name: b.name + "/" + part, shape: sh, classes: len(names), names: names,
		pixels: make([]uint8, n*sh.Len()), labels: make([]int32, n)}, nil
}

// set stores image i from planes, [C,H,W], and its label.
func (m *memory) set(i int, planes []uint8, label int) {
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
