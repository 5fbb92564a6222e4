package graphs

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
)

// FedBuffers keeps the memory that is fed to inputs, by their number of rows, since new
// tensors for each run grow without limit. Of many numbers of rows it keeps those that
// were used last, of [fedSets] times the memory of the largest. The zero value is empty.
// It is not safe for concurrent use.
type FedBuffers struct {
	kept    map[fedRows]*fedBuffer
	largest map[string]int // bytes, by input
	bytes   int            // of all that is kept
	clock   int
}

// fedRows is an input with a number of rows.
type fedRows struct {
	name string
	rows int
}

type fedBuffer struct {
	*Buffer
	used int // the clock then
}

// fedSets is how many times the memory of the largest buffer of each input is kept, and
// leastFed are bytes that are always kept.
const (
	fedSets  = 4
	leastFed = 64 << 20
)

// Of is the memory of in with so many rows, [rows,...]. What it held before may be gone.
func (k *FedBuffers) Of(in Input, rows int) (*Buffer, error) {
	key := fedRows{in.Name, rows}
	k.clock++
	if b, ok := k.kept[key]; ok {
		b.used = k.clock
		return b.Buffer, nil
	}
	b, err := NewBuffer(in.Type, append([]int64{int64(rows)}, in.Shape[1:]...)...)
	if err != nil {
		return nil, err
	}
	if k.kept == nil {
		k.kept, k.largest = map[fedRows]*fedBuffer{}, map[string]int{}
	}
	k.kept[key] = &fedBuffer{b, k.clock}
	k.bytes += len(b.raw)
	k.largest[in.Name] = max(k.largest[in.Name], len(b.raw))
	k.evict(key)
	return b, nil
}

// evict forgets what was used longest ago, but for the newest, until half of the limit is
// kept, and has the collector free it: it does not see the memory of tensors.
func (k *FedBuffers) evict(newest fedRows) {
	limit := 0
	for _, n := range k.largest {
		limit += n
	}
	if limit = max(leastFed, fedSets*limit); k.bytes <= limit {
		return
	}
	oldest := slices.SortedFunc(maps.Keys(k.kept), func(a, b fedRows) int { return cmp.Compare(k.kept[a].used, k.kept[b].used) })
	for _, key := range oldest {
		if k.bytes <= limit/2 {
			break
		}
		if key != newest {
			k.bytes -= len(k.kept[key].raw)
			delete(k.kept, key)
		}
	}
	runtime.GC()
}
