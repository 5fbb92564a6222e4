package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// errBudget ends an evaluation whose budget is used up.
var errBudget = errors.New("the budget is used up")

// scheduler runs the attacks of one evaluation. Each image under attack has a
// worker, which stops at each request. In every round the requests of one kind
// fill a batch; a worker whose attack has ended makes room for the next image.
// While a batch is computed, the workers served the round before go on, and
// their next requests count one round later, whenever they are posted: so the
// course of an evaluation does not depend on timing.
type scheduler struct {
	*Engine
	ev       *attacks.Evaluation
	images   attacks.Images
	journal  *Journal
	progress func(Progress)
	began    time.Time
	runners  []*BatchRunner // one for each session
	prepared map[int]int    // attack to the session it prepared
	logits   [][]float32    // clean
	correct  [][]int        // by class: the images classified correctly

	queues        [][]int   // per attack: images that wait, in order
	workers       int       // running
	waiting       []*worker // whose requests wait, oldest first
	older         []*worker // that compute, served before the last round
	latest        []*worker // that compute, served in the last round
	quit          chan struct{}
	done          int
	misclassified int
	passes        int
}

// image is image i of the evaluation.
func (r *scheduler) image(i int) []float32 {
	n := r.ev.Pixels
	return r.images.Pixels[i*n : (i+1)*n : (i+1)*n]
}

// classifyClean classifies the images without attack.
func (r *scheduler) classifyClean(ctx context.Context) error {
	r.correct = make([][]int, r.sessions[referenceSession].Graph.Victim.Classes)
	for from := 0; from < r.images.Len(); from += r.o.Batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(r.images.Len(), from+r.o.Batch)
		requests := make([]attacks.Request, to-from)
		for i := range requests {
			requests[i].Image = r.image(from + i)
		}
		out, err := r.runners[referenceSession].run(plainLogits, requests)
		if err != nil {
			return err
		}
		for i, a := range out {
			if err := r.addClean(from+i, a.logits); err != nil {
				return err
			}
		}
		r.ev.Cost.Referee += len(requests)
	}
	return nil
}

// addClean takes in the clean logits of image i.
func (r *scheduler) addClean(i int, logits []float32) error {
	if !allFinite(logits) {
		return fmt.Errorf("attacks: image %d: want finite logits, got %v: the model does not answer with numbers", r.images.Index[i], logits)
	}
	r.logits = append(r.logits, logits)
	r.ev.Clean[i] = int32(vector.Argmax(logits))
	if r.ev.Correct(i) {
		r.ev.CleanCorrect++
		label := r.images.Labels[i]
		r.correct[label] = append(r.correct[label], i)
	}
	return nil
}

// run is the loop of rounds.
func (r *scheduler) run(ctx context.Context) error {
	r.queues = make([][]int, len(r.o.Attacks))
	for i := range r.images.Len() {
		if r.ev.Correct(i) {
			r.enqueue(0, i)
		}
	}
	r.quit = make(chan struct{})
	defer close(r.quit)
	for {
		r.startWorkers()
		if err := r.gather(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(r.waiting) > 0 {
			if r.overBudget() {
				return errBudget
			}
			if err := r.serveBatch(); err != nil {
				return err
			}
		} else if r.workers == 0 && !slices.ContainsFunc(r.queues, func(q []int) bool { return len(q) > 0 }) {
			return nil
		}
	}
}

// overBudget tells whether the budget of the evaluation is used up.
func (r *scheduler) overBudget() bool {
	return r.o.Passes > 0 && r.passes >= r.o.Passes || r.o.Time > 0 && time.Since(r.began) >= r.o.Time
}

// enqueue sends image i to attack a, or past all attacks whose result the
// journal knows.
func (r *scheduler) enqueue(a, i int) {
	for ; a < len(r.o.Attacks); a++ {
		known, ok := r.journal.find(a, i)
		if !ok {
			r.queues[a] = append(r.queues[a], i)
			return
		}
		r.addResult(a, i, known)
	}
}

// addResult takes in the result of attack a on image i.
func (r *scheduler) addResult(a, i int, result attacks.ImageResult) {
	largest := r.ev.Radii[len(r.ev.Radii)-1]
	before := r.ev.Within(r.bound(a, i), largest)
	r.ev.Attacks[a].Results[i] = result
	r.ev.Cost = r.ev.Cost.Plus(result.Cost)
	r.passes += result.Forward + result.Backward
	r.done++
	if !before && r.ev.Within(result.ThreatDistance, largest) {
		r.misclassified++
	}
	if r.progress != nil {
		r.progress(Progress{r.done, len(r.o.Attacks) * r.ev.CleanCorrect, r.ev.Attacks[a].Attack, r.misclassified, r.ev.CleanCorrect})
	}
}

// bound is the smallest radius at which the attacks before a make the model
// misclassify image i.
func (r *scheduler) bound(a, i int) attacks.Distance {
	d := attacks.NoDistance
	for _, result := range r.ev.Attacks[:a] {
		d = min(d, result.Results[i].ThreatDistance)
	}
	return d
}

// startWorkers starts as many workers as there is room for: twice as many as a
// batch has requests, so that requests of two kinds find full batches.
func (r *scheduler) startWorkers() {
	for a := range r.queues {
		for len(r.queues[a]) > 0 && r.workers < 2*r.o.Batch {
			w := newWorker(a, r.queues[a][0], r.quit)
			w.bound = r.bound(a, w.image)
			r.queues[a] = r.queues[a][1:]
			r.workers++
			r.older = append(r.older, w)
			go w.run(r.newSearch(w))
		}
	}
}

// gather waits for the next requests of all workers that were served before
// the last round, and where that gives none, of those of the last round.
func (r *scheduler) gather() error {
	if err := r.await(r.older); err != nil {
		return err
	}
	r.older = nil
	if len(r.waiting) == 0 {
		if err := r.await(r.latest); err != nil {
			return err
		}
		r.latest = nil
	}
	r.older, r.latest = r.latest, nil
	return nil
}

// await waits for the next requests of workers, or for their results.
func (r *scheduler) await(workers []*worker) error {
	for _, w := range workers {
		<-w.posted
		if !w.ended {
			r.waiting = append(r.waiting, w)
			continue
		}
		r.workers--
		if w.err != nil {
			return fmt.Errorf("attacks: %s, image %d: %w", r.ev.Attacks[w.attack].Attack, r.images.Index[w.image], w.err)
		}
		if err := r.journal.add(w.attack, w.image, w.result); err != nil {
			return err
		}
		r.addResult(w.attack, w.image, w.result)
		r.enqueue(w.attack+1, w.image)
	}
	return nil
}

// serveBatch computes one batch of the kind that most requests wait for.
func (r *scheduler) serveBatch() error {
	kind := r.commonestKind()
	var batch []attacks.Request
	var served []*worker
	for _, w := range r.waiting {
		if room := r.o.Batch - len(batch); w.kind == kind && room > 0 {
			requests := w.waiting()
			batch = append(batch, requests[:min(room, len(requests))]...)
			served = append(served, w)
		}
	}
	responses, err := r.runners[kind.session].run(kind.what, batch)
	if err != nil {
		return err
	}
	for _, w := range served {
		n := min(len(w.waiting()), len(responses))
		w.responses = append(w.responses, responses[:n]...)
		responses = responses[n:]
		if len(w.waiting()) == 0 {
			r.waiting = slices.DeleteFunc(r.waiting, func(v *worker) bool { return v == w })
			r.latest = append(r.latest, w)
			w.served <- struct{}{}
		}
	}
	return nil
}

// commonestKind is the kind that most requests wait for, the first of equals.
func (r *scheduler) commonestKind() requestKind {
	count := map[requestKind]int{}
	var most requestKind
	for _, w := range r.waiting {
		if count[w.kind] += len(w.waiting()); count[w.kind] > count[most] {
			most = w.kind
		}
	}
	return most
}
