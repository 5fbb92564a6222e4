package graphs

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs/memory"
)

// estimate is about how much memory a graph takes, in bytes.
type estimate struct {
	variables uint64 // all of them, slots and averages included
	row       uint64 // outputs of the largest pass for each row of a batch
}

// liveShare is the share of a pass's outputs that are held at once: TensorFlow
// frees an output after its last use, and computes some in place. Measured on
// training steps of hinton and resnet20: .43 and .45.
const liveShare = .5

// FittedLayer is the name of a layer at the top of a pass whose runs are fitted to
// the memory that is free by what feeds them: it does not count here.
const FittedLayer = "fitted"

// estimateMemory adds up what the ops of each pass put out. Ops that hand on
// their input, and those whose size is not known before they run, count nothing.
func estimateMemory(graph *tf.Graph, vars *Variables) estimate {
	var e estimate
	for _, v := range vars.list {
		e.variables += 4 * uint64(v.Size())
	}
	passes := map[string]uint64{}
	for _, o := range graph.Operations() {
		switch o.Type() {
		case "Identity", "Reshape", "StopGradient", "Squeeze", "ExpandDims", "Placeholder":
			continue
		}
		pass, layer, _ := strings.Cut(o.Name(), "/")
		if strings.HasPrefix(layer, FittedLayer+"/") {
			continue
		}
		for i := range o.NumOutputs() {
			if passes[pass] += rowBytes(o.Output(i)); passes[pass] > e.row {
				e.row = passes[pass]
			}
		}
	}
	return e
}

// rowBytes is the size of one row of an output whose first dimension is that of
// the batch; 0 of any other.
func rowBytes(x tf.Output) uint64 {
	dims, err := x.Shape().ToSlice()
	if err != nil || len(dims) == 0 || dims[0] >= 0 {
		return 0
	}
	n := uint64(4)
	if x.DataType() == tf.Bool || x.DataType() == tf.Uint8 {
		n = 1
	}
	for _, d := range dims[1:] {
		if d < 0 {
			return 0
		}
		n *= uint64(d)
	}
	return n
}

// runtimeBytes is what TensorFlow takes besides, once: kernels, threads and their
// stacks.
const runtimeBytes = 512 << 20

// runs is whether a net of this process has taken them.
var runs atomic.Bool

// total is the memory of batches of so many rows: the variables, as much again for
// their gradients and initial values, and what a pass holds at once.
func (e estimate) total(rows int) uint64 {
	sum := 2*float64(e.variables) + liveShare*float64(rows)*float64(e.row)
	return uint64(min(sum, math.MaxInt64))
}

// fits is how many rows so many bytes hold.
func (e estimate) fits(bytes uint64) int {
	left := float64(bytes) - 2*float64(e.variables)
	if left <= 0 || e.row == 0 {
		return 0
	}
	return int(left / (liveShare * float64(e.row)))
}

// checkMemory refuses a graph that this process has no memory for.
func (o Options) checkMemory(e estimate) error {
	rows, key := max(1, o.Rows), o.RowsKey
	need, free := e.total(rows), memory.Free()
	if !runs.Load() {
		need += runtimeBytes
	}
	if need <= free.Bytes {
		runs.Store(true)
		return nil
	}
	want := fmt.Sprintf("at most %s (%s)", memory.Format(free.Bytes), free.By)
	if n := e.fits(free.Bytes - min(free.Bytes, need-e.total(rows))); n > 0 && key != "" {
		return fmt.Errorf("%s: want %s, got about %s for batches of %d images: about %d images would fit", key, want, memory.Format(need), rows, n)
	}
	return fmt.Errorf("model: want %s, got about %s, of which the weights and what trains them take %s: lower model.appearance, model.geometry, model.width or the encoder's depth",
		want, memory.Format(need), memory.Format(2*e.variables))
}
