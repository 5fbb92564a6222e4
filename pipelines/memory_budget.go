package pipelines

import (
	"sync"

	"unwarp/graphs/memory"
)

// defaultMemory is the default of Data.Memory, in megabytes.
const defaultMemory = 4096

// memoryBudget is the memory that the images of all parts of a set share. It is safe for concurrent use.
type memoryBudget struct {
	name    string
	limit   uint64       // bytes
	machine memory.Limit // of all that runs here

	lock sync.Mutex
	used uint64
}

func newMemoryBudget(d Data) *memoryBudget {
	mb := d.Memory
	if mb == 0 {
		mb = defaultMemory
	}
	return &memoryBudget{name: d.Set, limit: uint64(mb) << 20, machine: memory.Free()}
}

// reserve reserves memory for n images of shape sh. The error says how much they need. Each of n, height,
// width and channels is below 2^31 and an image below 2^32 bytes.
func (b *memoryBudget) reserve(n int, sh Shape) error {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.used += uint64(n) * uint64(sh.Len())
	const mb = 1 << 20
	need := (b.used + mb - 1) / mb
	if b.used > b.limit {
		return newRequestError("pipelines: %s: want images of at most %d MB in memory, got %d MB with the %d images of %v: set data.memory to %d or more, or use fewer or smaller images",
			b.name, b.limit/mb, need, n, sh, need)
	}
	if b.used > b.machine.Bytes {
		return newRequestError("pipelines: %s: want images of at most %d MB in memory (%s), got %d MB with the %d images of %v: use fewer or smaller images",
			b.name, b.machine.Bytes/mb, b.machine.By, need, n, sh)
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
