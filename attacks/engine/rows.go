package engine

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
)

// cpuRows is the number of rows of a session call on processors: many enough that
// the weights are not read for nothing.
const cpuRows = 96

// fewerRows are the numbers of rows with which less is computed in vain where few
// requests wait. Others than multiples of 16, the numbers of a vector register, are
// left out: of a vector's rest, kernels compute exp and the like by other
// instructions, which round some values differently; trials would not show that.
var fewerRows = []int{16, 32, 48, 64, 80}

// rowsPerCall is the number of rows of every session call of a runner. It is
// fixed: the kernels of TensorFlow round differently in batches of other sizes, so
// that what an image's row comes to would depend on how many other requests wait.
// In calls of one size it depends neither on its place nor on the other rows. A
// graphics processor computes a whole batch at once.
func rowsPerCall(s Session, batch int) int {
	if hasGPU(s) {
		return batch
	}
	return min(batch, cpuRows)
}

func hasGPU(s Session) bool {
	if s.Net == nil {
		return false
	}
	devices, err := s.Net.Devices()
	return err == nil && slices.ContainsFunc(devices, func(d tf.Device) bool { return d.Type == "GPU" })
}

// size is the least number of rows that holds the requests, of those with which a
// row comes to the same, to the last bit, as in a call of r.rows. Which these are is
// tried out once for each computation: kernels are chosen by sizes, not by values.
func (r *BatchRunner) size(what computation, requests []attacks.Request) (int, error) {
	if len(requests) == r.rows || r.rows <= fewerRows[0] || r.sizes == nil {
		return r.rows, nil
	}
	sizes, tried := r.sizes[what]
	if !tried {
		var err error
		if sizes, err = r.equalSizes(what, requests); err != nil {
			return 0, err
		}
		r.sizes[what] = sizes
	}
	for _, n := range sizes {
		if n >= len(requests) {
			return n, nil
		}
	}
	return r.rows, nil
}

// fullCalls is how many of n requests a batch takes, for each of those that compute
// a batch: those that fill whole session calls, or where there are fewer, all.
func (r *BatchRunner) fullCalls(what computation, n int) int {
	if n = min(n, r.batch*r.computers(what)); n > r.rows {
		n -= n % r.rows
	}
	return n
}

// equalSizes are those of fewerRows with which the requests, repeated, come to the
// same as in a call of r.rows. Where outputs are random there is none.
func (r *BatchRunner) equalSizes(what computation, requests []attacks.Request) ([]int, error) {
	all := make([]attacks.Request, r.rows)
	for i := range all {
		all[i] = requests[i%len(requests)]
	}
	want, err := r.compute(what, all, r.rows)
	if err != nil {
		return nil, err
	}
	var sizes []int
	for _, n := range fewerRows {
		if n >= r.rows {
			break
		}
		got, err := r.compute(what, all[:n], n)
		if err != nil {
			return nil, err
		}
		if slices.EqualFunc(got, want[:n], response.equals) {
			sizes = append(sizes, n)
		}
	}
	return sizes, nil
}

// equals compares to the last bit; NaN equals nothing.
func (a response) equals(b response) bool {
	return a.loss == b.loss && slices.Equal(a.logits, b.logits) && slices.Equal(a.gradient, b.gradient) && slices.Equal(a.code, b.code)
}

// Rows is the number of rows of each session call of the evaluation: with another
// one, rounding differs.
func (e *Engine) Rows() int { return rowsPerCall(e.sessions[referenceSession], max(1, e.o.Batch)) }
