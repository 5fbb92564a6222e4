package engine

import (
	"fmt"
	"runtime/debug"
	"unwarp/attacks"
)

// requestKind says which session computes what; requests of one kind fill a
// batch.
type requestKind struct {
	session int
	what    computation
}

// Sessions of an evaluation; those of sources follow.
const (
	referenceSession = iota // the victim in float32: logits and verification
	gradientSession         // the same model, for gradients
)

// worker runs one attack on one image in a goroutine of its own, which stops
// at each request until the scheduler has served it.
type worker struct {
	attack, image int
	bound         attacks.Distance // the smallest radius at which earlier attacks make the model misclassify the image
	posted        chan struct{}    // a request is there, or the attack has ended
	served        chan struct{}
	quit          <-chan struct{}

	kind      requestKind
	requests  []attacks.Request
	responses []response
	weight    int  // number of requests that it posted last, or the limit of lanes
	free      int  // how many requests it may post that cost no more than one
	room      int  // how many of its requests fill a batch with those of the others
	passes    int  // computed for it
	planned   int  // for one radius, as far as the attack says; 0 otherwise
	cutShort  bool // set with served: the budget of the evaluation has ended

	ended  bool
	result attacks.ImageResult
	err    error
}

func newWorker(attack, image int, quit <-chan struct{}) *worker {
	return &worker{attack: attack, image: image, quit: quit, weight: 1, posted: make(chan struct{}, 1), served: make(chan struct{}, 1)}
}

// run makes the search and posts its result.
func (w *worker) run(s *search) {
	defer func() {
		switch p := recover().(type) {
		case nil, abandoned:
		default:
			w.err = fmt.Errorf("the attack failed: %v\n%s", p, debug.Stack())
		}
		w.ended = true
		select {
		case w.posted <- struct{}{}:
		case <-w.quit:
		}
	}()
	w.result = s.run()
}

// request posts requests and waits for their responses. It unwinds the attack
// when the evaluation, or its budget, ends before.
func (w *worker) request(kind requestKind, requests []attacks.Request) []response {
	if len(requests) == 0 {
		return nil
	}
	w.kind, w.requests, w.responses = kind, requests, nil
	select {
	case w.posted <- struct{}{}:
	case <-w.quit:
		panic(abandoned{})
	}
	select {
	case <-w.served:
		if w.cutShort && len(w.waiting()) > 0 {
			panic(budgetEnded{})
		}
		return w.responses
	case <-w.quit:
		panic(abandoned{})
	}
}

// passesNeeded is how many passes the attempt is expected to need: those that are
// left of its plan, or as many as it has had.
func (w *worker) passesNeeded() int {
	if left := w.planned - w.passes; left > 0 {
		return left
	}
	return max(1, w.passes)
}

// waiting are the requests that are not served yet.
func (w *worker) waiting() []attacks.Request { return w.requests[len(w.responses):] }

// abandoned unwinds an attack whose evaluation has ended.
type abandoned struct{}

// budgetEnded unwinds an attack when the evaluation's budget has ended.
type budgetEnded struct{}
