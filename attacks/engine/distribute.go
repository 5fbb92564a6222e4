package engine

import (
	"context"
	"slices"
	"sync"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
)

// Runner computes values of a graph.
type Runner interface {
	Run(feeds graphs.Feeds, fetches []tf.Output, targets ...*tf.Operation) ([]*tf.Tensor, error)
}

// Distributor has other machines, or devices, compute session calls.
type Distributor interface {
	// Computers is how many calls run at the same time.
	Computers() int
	// Each makes the calls 0 … n-1. A runner makes one call at a time; a call that
	// was lost is made again, on a runner that may be new.
	Each(ctx context.Context, n int, call func(on Runner, i int) error) error
}

// Distribute has others compute what attacks ask of the reference and the gradient
// model; nil leaves it to this process. Whether an image is misclassified is
// computed here in any case: what others return can make an attack weaker, but
// never an example.
func (e *Engine) Distribute(reference, gradient Distributor) {
	e.sessions[referenceSession].others, e.sessions[gradientSession].others = reference, gradient
}

// decides tells whether success depends on a computation.
func (what computation) decides() bool {
	return what == verifiedLogits || what == claimedLogits || what == aloneLogits
}

// computers is how many session calls of a kind run at the same time.
func (r *BatchRunner) computers(what computation) int {
	if r.others == nil || what.decides() {
		return 1
	}
	return r.others.Computers()
}

// distribution holds the buffers, by their size, that no call of others uses.
type distribution struct {
	mu   sync.Mutex
	free map[int][]*inputBuffers
}

// distribute computes one response for each request on the computers of others.
func (r *BatchRunner) distribute(ctx context.Context, what computation, requests []attacks.Request) ([]response, error) {
	calls := r.shares(what, requests)
	sizes := make([]int, len(calls))
	for i, c := range calls {
		var err error
		if sizes[i], err = r.size(what, c); err != nil {
			return nil, err
		}
	}
	answers := make([][]response, len(calls))
	err := r.others.Each(ctx, len(calls), func(on Runner, i int) error {
		b, err := r.takeBuffers(sizes[i])
		if err != nil {
			return err
		}
		if answers[i], err = r.computeOn(on, b, what, calls[i]); err == nil {
			r.returnBuffers(sizes[i], b)
		}
		return err // a call that was lost may still read its buffers
	})
	return slices.Concat(answers...), err
}

// shares splits requests into calls: as many as there are computers, or where that
// is not enough as few as can be.
func (r *BatchRunner) shares(what computation, requests []attacks.Request) [][]attacks.Request {
	n := r.others.Computers()
	each := (len(requests) + n - 1) / n
	// A part of the smallest size costs as much as the whole of it.
	each = min(r.rows, max(each, fewerRows[0]))
	return slices.Collect(slices.Chunk(requests, each))
}

// takeBuffers are buffers for one call of others.
func (r *BatchRunner) takeBuffers(size int) (*inputBuffers, error) {
	d := &r.distribution
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.free[size]); n > 0 {
		b := d.free[size][n-1]
		d.free[size] = d.free[size][:n-1]
		return b, nil
	}
	return r.Graph.newInputBuffers(size)
}

// returnBuffers leaves buffers to later calls.
func (r *BatchRunner) returnBuffers(size int, b *inputBuffers) {
	d := &r.distribution
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.free == nil {
		d.free = map[int][]*inputBuffers{}
	}
	d.free[size] = append(d.free[size], b)
}
