package pipelines

// defaultMemory is the default of Data.Memory, in megabytes.
const defaultMemory = 4096

// memoryBudget is the memory that the images of all parts of a set share.
type memoryBudget struct {
	name  string
	limit uint64 // bytes
	used  uint64
}

func newMemoryBudget(d Data) *memoryBudget {
	mb := d.Memory
	if mb == 0 {
		mb = defaultMemory
	}
	return &memoryBudget{name: d.Set, limit: uint64(mb) << 20}
}

// reserve reserves memory for n images of shape sh. The error says how much they need. Each of n, height,
// width and channels is below 2^31 and an image below 2^32 bytes.
func (b *memoryBudget) reserve(n int, sh Shape) error {
	need := uint64(n) * uint64(sh.Len())
	if b.used += need; b.used > b.limit {
		const mb = 1 << 20
		return newRequestError("pipelines: %s: want images of at most %d MB in memory, got %d MB with the %d images of %v: set memory to %d or more, or use fewer or smaller images",
			b.name, b.limit/mb, (b.used+mb-1)/mb, n, sh, (b.used+mb-1)/mb)
	}
	return nil
}

// allocate makes room for n images.
func (b *memoryBudget) allocate(part string, n int, sh Shape, names []string) (*memorySource, error) {
	if err := b.reserve(n, sh); err != nil {
		return nil, err
	}
	return &memorySource{name: b.name + "/" + part, shape: sh, classes: len(names), names: names,
		pixels: make([]uint8, n*sh.Len()), labels: make([]int32, n)}, nil
}
