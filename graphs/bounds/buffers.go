package bounds

import (
	"unwarp/graphs"
)

// feeding collects the feeds of a run; the first error stays.
type feeding struct {
	v     *Verifier
	rows  int
	feeds graphs.Feeds
	err   error
}

func (v *Verifier) feeding(rows int) *feeding {
	return &feeding{v: v, rows: rows, feeds: graphs.Feeds{}}
}

// buffer is the memory of a fed input; nil where it cannot be had, which the run
// reports: until then values are written to memory that is not fed.
func (f *feeding) buffer(in graphs.Input) *graphs.Buffer {
	b, err := f.v.buffers.Of(in, f.rows)
	if err != nil {
		f.err = err
		return nil
	}
	f.feeds[in.Feed] = b.Tensor
	return b
}

// size is the number of values of an input.
func (f *feeding) size(in graphs.Input) int {
	n := f.rows
	for _, d := range in.Shape[1:] {
		n *= int(d)
	}
	return n
}

// floats is the memory of a fed float32 input, row by row; it holds what was
// written last.
func (f *feeding) floats(in graphs.Input) []float32 {
	b := f.buffer(in)
	if b == nil {
		return make([]float32, f.size(in))
	}
	return b.Float32()
}

// ints is the same of an int32 input.
func (f *feeding) ints(in graphs.Input) []int32 {
	b := f.buffer(in)
	if b == nil {
		return make([]int32, f.size(in))
	}
	return b.Int32()
}

// withRows is f for inputs of another number of rows.
func (f *feeding) withRows(n int) *feeding {
	g := *f
	g.rows = n
	return &g
}
