package engine

import (
	"context"
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
)

// BatchRunner computes a model's outputs in batches. Used directly it serves
// measurements of the model itself, which do not count as queries.
type BatchRunner struct {
	Session
	batch   int                   // largest number of requests in a batch
	rows    int                   // of each session call, or as many as give the same, see [BatchRunner.size]
	sizes   map[computation][]int // nil: r.rows alone
	buffers map[int]*inputBuffers

	ctx          context.Context // of calls that others make
	distribution distribution
}

// NewBatchRunner computes at most batch requests at once.
func NewBatchRunner(s Session, batch int) *BatchRunner {
	batch = max(1, batch)
	r := &BatchRunner{Session: s, batch: batch, rows: rowsPerCall(s, batch), buffers: map[int]*inputBuffers{}, ctx: context.Background()}
	if !hasGPU(s) {
		r.sizes = map[computation][]int{}
	}
	return r
}

// Logits are the scores of images as the model itself computes them, by plain
// forward passes. They say how an image is classified.
func (r *BatchRunner) Logits(images ...[]float32) ([][]float32, error) {
	return r.logitsOf(verifiedLogits, images)
}

// CentredLogits are the same without an offset common to all classes, in which
// their differences could cancel. Those of [BatchRunner.LossGradients] are
// centred too.
func (r *BatchRunner) CentredLogits(images ...[]float32) ([][]float32, error) {
	return r.logitsOf(plainLogits, images)
}

func (r *BatchRunner) logitsOf(what computation, images [][]float32) ([][]float32, error) {
	out := make([][]float32, 0, len(images))
	err := r.each(what, imageRequests(images), func(a response) { out = append(out, a.logits) })
	return out, err
}

// LossGradients are the losses and gradients of l, which the graph must have
// declared.
func (r *BatchRunner) LossGradients(l attacks.Loss, requests ...attacks.Request) ([]attacks.LossGradient, error) {
	out := make([]attacks.LossGradient, 0, len(requests))
	err := r.each(computation(l), withTemperature(requests, 1), func(a response) { out = append(out, a.lossGradient()) })
	return out, err
}

func (r *BatchRunner) each(what computation, requests []attacks.Request, f func(response)) error {
	for len(requests) > 0 {
		n := min(len(requests), r.batch)
		responses, err := r.run(what, requests[:n])
		if err != nil {
			return err
		}
		for _, a := range responses {
			f(a)
		}
		requests = requests[n:]
	}
	return nil
}

// imageRequests are requests that name an image alone.
func imageRequests(images [][]float32) []attacks.Request {
	out := make([]attacks.Request, len(images))
	for i, x := range images {
		out[i].Image = x
	}
	return out
}

// withTemperature repeats each request, with temperature 1 where none is given.
func withTemperature(requests []attacks.Request, repeat int) []attacks.Request {
	out := make([]attacks.Request, 0, len(requests)*repeat)
	for _, r := range requests {
		if r.Temperature == 0 {
			r.Temperature = 1
		}
		for range repeat {
			out = append(out, r)
		}
	}
	return out
}

// centredOf are the centred logits of requests whose own logits are known: the
// same, unless an offset may have cancelled some of their digits.
func (r *BatchRunner) centredOf(own []response, requests []attacks.Request) ([]response, error) {
	if !slices.ContainsFunc(own, func(a response) bool { return attacks.HasOffset(a.logits) }) {
		return own, nil
	}
	return r.run(plainLogits, requests)
}

// runAlone computes each request in a batch of its own.
func (r *BatchRunner) runAlone(requests []attacks.Request) ([]response, error) {
	var out []response
	alone := BatchRunner{Session: r.Session, batch: 1, rows: 1, buffers: r.buffers}
	for i := range requests {
		one, err := alone.run(verifiedLogits, requests[i:i+1])
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

// run computes one response for each request.
func (r *BatchRunner) run(what computation, requests []attacks.Request) ([]response, error) {
	if what == aloneLogits {
		return r.runAlone(requests)
	}
	if r.others != nil && !what.decides() {
		return r.distribute(r.ctx, what, requests)
	}
	out := make([]response, 0, len(requests))
	for rows := range slices.Chunk(requests, r.rows) {
		responses, err := r.call(what, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, responses...)
	}
	return out, nil
}

// call computes one response for each request, at most r.rows, as a session call
// of r.rows rows does.
func (r *BatchRunner) call(what computation, requests []attacks.Request) ([]response, error) {
	rows, err := r.size(what, requests)
	if err != nil {
		return nil, err
	}
	return r.compute(what, requests, rows)
}

// compute computes one response for each request, at most rows, in one session
// call of so many rows.
func (r *BatchRunner) compute(what computation, requests []attacks.Request, rows int) ([]response, error) {
	b, err := r.buffersFor(rows)
	if err != nil {
		return nil, err
	}
	return r.computeOn(r.Net, b, what, requests)
}

// computeOn is compute on a runner, with its buffers.
func (r *BatchRunner) computeOn(on Runner, b *inputBuffers, what computation, requests []attacks.Request) ([]response, error) {
	b.fill(requests)
	feeds := graphs.Feeds{r.Graph.images.Feed: b.images.Tensor}
	code, isCode := r.Graph.codes[attacks.Loss(what[min(len(what), len(codePrefix)):])]
	pass, isGradient := r.Graph.gradients[what]
	var fetches []tf.Output
	switch {
	case what == plainLogits:
		fetches = []tf.Output{r.Graph.centred}
	case what == verifiedLogits || what == claimedLogits:
		fetches = []tf.Output{r.Graph.logits}
	case isGradient:
		b.feed(feeds, r.Graph, lossOf(what))
		fetches = []tf.Output{pass.logits, pass.loss, pass.gradient}
	case isCode:
		fetches = []tf.Output{code}
	default:
		return nil, fmt.Errorf("attacks: computation %q was not declared: name the loss in the attack's Losses", what)
	}
	out, err := on.Run(feeds, fetches)
	if err != nil {
		return nil, fmt.Errorf("attacks: computation %q: %w", what, err)
	}
	responses := make([]response, len(requests))
	if isCode && !isGradient {
		eachRow(out[0], len(requests), func(i int, v []float32) { responses[i].code = v })
		return responses, nil
	}
	eachRow(out[0], len(requests), func(i int, v []float32) { responses[i].logits = v })
	if isGradient {
		losses := graphs.Floats(nil, out[1])
		eachRow(out[2], len(requests), func(i int, v []float32) { responses[i].gradient = v })
		for i := range responses {
			responses[i].loss = losses[i]
		}
	}
	return responses, nil
}

// eachRow hands out the first n rows of a fetched tensor.
func eachRow(t *tf.Tensor, n int, give func(i int, row []float32)) {
	all := graphs.Floats(nil, t)
	size := len(all) / int(t.Shape()[0])
	for i := range n {
		give(i, all[i*size:(i+1)*size:(i+1)*size])
	}
}
