package engine

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
)

// BatchRunner computes a model's outputs in batches. Used directly it serves
// measurements of the model itself, which do not count as queries.
type BatchRunner struct {
	Session
	batch   int // largest number of requests in a batch
	buffers map[int]*inputBuffers
}

// NewBatchRunner computes at most batch requests at once.
func NewBatchRunner(s Session, batch int) *BatchRunner {
	return &BatchRunner{Session: s, batch: max(1, batch), buffers: map[int]*inputBuffers{}}
}

// Logits are the scores of images, by plain forward passes.
func (r *BatchRunner) Logits(images ...[]float32) ([][]float32, error) {
	out := make([][]float32, 0, len(images))
	err := r.each(plainLogits, imageRequests(images), func(a response) { out = append(out, a.logits) })
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

// run computes one response for each request, at most a batch of them.
func (r *BatchRunner) run(what computation, requests []attacks.Request) ([]response, error) {
	b, err := r.buffersFor(r.paddedSize(len(requests)))
	if err != nil {
		return nil, err
	}
	b.fill(requests)
	feeds := graphs.Feeds{r.Graph.images.Feed: b.images.Tensor}
	code, isCode := r.Graph.codes[attacks.Loss(what[min(len(what), len(codePrefix)):])]
	pass, isGradient := r.Graph.gradients[attacks.Loss(what)]
	var fetches []tf.Output
	switch {
	case what == plainLogits || what == verifiedLogits:
		fetches = []tf.Output{r.Graph.logits}
	case isGradient:
		b.feed(feeds, r.Graph, attacks.Loss(what))
		fetches = []tf.Output{pass.logits, pass.loss, pass.gradient}
	case isCode:
		fetches = []tf.Output{code}
	default:
		return nil, fmt.Errorf("attacks: computation %q was not declared: name the loss in the attack's Losses", what)
	}
	out, err := r.Net.Run(feeds, fetches)
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
