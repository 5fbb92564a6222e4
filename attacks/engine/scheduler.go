package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unwarp/attacks"
)

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
	own      []int // the places of those to attack, ascending: the shard's
	journal  *Journal
	progress func(Progress)
	budget   budget
	runners  []*BatchRunner // one for each session
	prepared map[int]int    // attack to the session it prepared
	logits   [][]float32    // clean, centred
	ties     bool           // two of an image's are equal
	correct  [][]int        // by class: the images classified correctly

	queues        [][]int   // per attack: images that wait, in order
	running       []*worker // in the order in which they were started
	waiting       []*worker // whose requests wait, oldest first
	older         []*worker // that compute, served before the last round
	latest        []*worker // that compute, served in the last round
	quit          chan struct{}
	attacked      int // images of own that are classified correctly
	done          int
	misclassified int
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
		own, err := r.runners[referenceSession].run(verifiedLogits, requests)
		if err != nil {
			return err
		}
		centred, err := r.runners[referenceSession].centredOf(own, requests)
		if err != nil {
			return err
		}
		for i, a := range own {
			if err := r.addClean(from+i, a.logits, centred[i].logits); err != nil {
				return err
			}
		}
		r.ev.Cost.Referee += len(requests)
	}
	return nil
}

// addClean takes in the clean logits of image i: the model's own decide on its
// class, centred ones are what attacks see.
func (r *scheduler) addClean(i int, logits, centred []float32) error {
	if !allFinite(logits) {
		return fmt.Errorf("attacks: image %d: want finite logits, got %v: the model does not answer with numbers", r.images.Index[i], logits)
	}
	r.logits, r.ties = append(r.logits, centred), r.ties || attacks.HasTie(centred)
	class, tied := attacks.Predict(logits, int(r.images.Labels[i]))
	r.ev.Clean[i] = int32(class)
	if tied {
		r.ev.CleanTies++
	}
	if r.ev.Correct(i) {
		r.ev.CleanCorrect++
		label := r.images.Labels[i]
		r.correct[label] = append(r.correct[label], i)
	}
	return nil
}

// run is the loop of rounds. When the budget is used up, attempts that ask for
// passes end where they are; what they have claimed is still verified.
func (r *scheduler) run(ctx context.Context) error {
	r.queues = make([][]int, len(r.o.Attacks))
	for _, i := range r.own {
		if r.ev.Correct(i) {
			r.attacked++
		}
	}
	for _, i := range r.own {
		if r.ev.Correct(i) {
			r.enqueue(0, i)
		}
	}
	r.quit = make(chan struct{})
	defer close(r.quit)
	for {
		if err := r.startWorkers(ctx); err != nil {
			return err
		}
		if err := r.gather(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(r.running) == 0 && (r.budget.ended || !r.hasQueue()) {
			return nil
		}
		if err := r.serve(); err != nil {
			return err
		}
	}
}

// serve computes one batch of the kind that most requests wait for, or ends the
// attempts whose requests the budget does not allow.
func (r *scheduler) serve() error {
	waiting := r.affordableWorkers()
	if len(waiting) == 0 {
		return nil
	}
	kind := commonestKind(waiting)
	if r.budget.allows(kind.what) {
		return r.serveBatch(kind, waiting)
	}
	r.budget.ended = true
	r.endAttempts()
	return nil
}

// affordableWorkers are those that wait; where the passes that are left would
// not suffice for all running attempts, those that were started first: so some
// attempts come to their end.
func (r *scheduler) affordableWorkers() []*worker {
	if r.o.Passes == 0 || r.budget.ended {
		return r.waiting
	}
	left, n := r.o.Passes-r.budget.spent, 0
	for n < len(r.running) {
		if left -= r.running[n].passesNeeded(); left < 0 && n > 0 {
			break
		}
		n++
	}
	if n == len(r.running) {
		return r.waiting
	}
	return slices.DeleteFunc(slices.Clone(r.waiting), func(w *worker) bool { return !slices.Contains(r.running[:n], w) })
}

// hasQueue tells whether an image waits for an attack.
func (r *scheduler) hasQueue() bool {
	return slices.ContainsFunc(r.queues, func(q []int) bool { return len(q) > 0 })
}

// endAttempts ends the attempts whose requests wait and cost passes.
func (r *scheduler) endAttempts() {
	r.waiting = slices.DeleteFunc(r.waiting, func(w *worker) bool {
		if priceOf(w.kind.what, 1) == 0 {
			return false
		}
		w.cutShort = true
		w.served <- struct{}{}
		r.latest = append(r.latest, w)
		return true
	})
}

// enqueue sends image i to attack a, or past all attacks whose result the
// journal knows or proofs decide.
func (r *scheduler) enqueue(a, i int) {
	for ; a < len(r.o.Attacks); a++ {
		if r.skipProven(a, i) {
			continue
		}
		known, ok := r.journal.find(a, i)
		if !ok {
			r.queues[a] = append(r.queues[a], i)
			return
		}
		r.budget.spend(priceOfResult(known.Cost))
		r.addResult(a, i, known)
	}
}

// addResult takes in the result of attack a on image i.
func (r *scheduler) addResult(a, i int, result attacks.ImageResult) {
	largest := r.ev.Radii[len(r.ev.Radii)-1]
	before := r.ev.Within(r.bound(a, i), largest)
	r.ev.Attacks[a].Results[i] = result
	r.ev.Cost = r.ev.Cost.Plus(result.Cost)
	if result.Done {
		r.done++
	}
	if !before && r.ev.Within(result.ThreatDistance, largest) {
		r.misclassified++
	}
	if r.progress != nil {
		r.progress(Progress{r.done, len(r.o.Attacks) * r.attacked, r.ev.Attacks[a].Attack, r.misclassified, r.attacked})
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

// atOnce is how many requests are computed at the same time.
func (r *scheduler) atOnce() int {
	return r.o.Batch * max(r.runners[referenceSession].computers(plainLogits), r.runners[gradientSession].computers(plainLogits))
}

// startWorkers starts as many workers as there is room for: those that post twice
// as many requests as are computed at once, so that requests of two kinds find full
// batches.
func (r *scheduler) startWorkers(ctx context.Context) error {
	weight := 0
	for _, w := range r.running {
		weight += w.weight
	}
	for a := range r.queues {
		for len(r.queues[a]) > 0 && weight < 2*r.atOnce() && !r.budget.ended {
			weight++
			if err := r.prepareOnce(ctx, a); errors.Is(err, errBudget) {
				r.budget.ended = true
				return nil
			} else if err != nil {
				return err
			}
			w := newWorker(a, r.queues[a][0], r.quit)
			w.planned = r.plannedPasses(a)
			w.bound = r.bound(a, w.image)
			r.queues[a] = r.queues[a][1:]
			r.running = append(r.running, w)
			r.older = append(r.older, w)
			go w.run(r.newSearch(w))
		}
	}
	return nil
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
			w.weight = min(len(w.requests), laneLimit)
			r.waiting = append(r.waiting, w)
			continue
		}
		r.running = slices.DeleteFunc(r.running, func(v *worker) bool { return v == w })
		if w.err != nil {
			return fmt.Errorf("attacks: %s, image %d: %w", r.ev.Attacks[w.attack].Attack, r.images.Index[w.image], w.err)
		}
		if w.cutShort {
			r.addCutShort(w)
			continue
		}
		if err := r.journal.add(w.attack, w.image, w.result); err != nil {
			return err
		}
		r.addResult(w.attack, w.image, w.result)
		r.enqueue(w.attack+1, w.image)
	}
	return nil
}

// addCutShort takes in what an attempt had found when the budget ended. It is
// made anew when the evaluation is resumed.
func (r *scheduler) addCutShort(w *worker) {
	if w.result.Cost != (attacks.Cost{}) {
		r.addResult(w.attack, w.image, w.result)
	}
}

// serveBatch computes one batch of the requests of a kind, as far as the budget
// allows.
func (r *scheduler) serveBatch(kind requestKind, waiting []*worker) error {
	size := r.budget.affordable(kind.what, r.runners[kind.session].fullCalls(kind.what, countRequests(kind, waiting)))
	var batch []attacks.Request
	var served []*worker
	for _, w := range waiting {
		if room := size - len(batch); w.kind == kind && room > 0 {
			requests := w.waiting()
			batch = append(batch, requests[:min(room, len(requests))]...)
			served = append(served, w)
		}
	}
	responses, err := r.runners[kind.session].run(kind.what, batch)
	if err != nil {
		return err
	}
	r.budget.spend(priceOf(kind.what, len(batch)))
	for _, w := range served {
		n := min(len(w.waiting()), len(responses))
		w.passes += priceOf(kind.what, n)
		w.responses = append(w.responses, responses[:n]...)
		responses = responses[n:]
		if len(w.waiting()) == 0 {
			r.waiting = slices.DeleteFunc(r.waiting, func(v *worker) bool { return v == w })
			r.latest = append(r.latest, w)
			w.free, w.room = r.room()
			w.served <- struct{}{}
		}
	}
	return nil
}

// room is how many requests of each worker fill the smallest session call, and the
// largest. With a limit of passes nothing is computed in advance.
func (r *scheduler) room() (free, all int) {
	if r.o.Passes > 0 {
		return 1, 1
	}
	rows, n := r.runners[referenceSession].rows, max(1, len(r.running))
	return min(rows, fewerRows[0]) / n, min(rows/n, laneLimit)
}

// countRequests counts the requests of a kind.
func countRequests(kind requestKind, waiting []*worker) (n int) {
	for _, w := range waiting {
		if w.kind == kind {
			n += len(w.waiting())
		}
	}
	return n
}

// commonestKind is the kind that most requests of some workers wait for, the
// first of equals.
func commonestKind(waiting []*worker) requestKind {
	count := map[requestKind]int{}
	var most requestKind
	for _, w := range waiting {
		if count[w.kind] += len(w.waiting()); count[w.kind] > count[most] {
			most = w.kind
		}
	}
	return most
}
