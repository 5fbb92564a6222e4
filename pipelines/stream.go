package pipelines

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"

	"unwarp/graphs/memory"
)

// Stream yields the batches of src, from batch o.Start on, in an order and with contents that depend
// on o.Seed, o.Shuffle, o.Balanced, o.Batch, o.Remainder and o.Augment alone: not on workers, queue, timing or
// Start. Each range over it begins anew.
//
// An error is yielded once, as (Batch{}, err), in place of the batch that failed; then the stream ends.
// When ctx is cancelled that err is ctx.Err(). By the time the range is left, for whatever reason,
// the stream's goroutines have ended.
func Stream(ctx context.Context, src Source, o Options) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		s, err := newStream(src, o)
		if err != nil {
			yield(Batch{}, err)
			return
		}
		s.run(ctx, yield)
	}
}

// slot is room for one batch. Slots are queued for the consumer in order, and filled by whichever
// worker is free.
type slot struct {
	Batch
	images, deformedViews []float32 // room for a full batch
	labels, partners      []int32
	shares                []float32
	index                 []int
	err                   error
	ready                 chan struct{} // receives one value when the slot is filled
}

type stream struct {
	src     Source
	opts    Options
	steps   int            // per epoch
	balance *balancedOrder // nil for all examples once
	workers []*worker
	slots   []*slot
}

// checkOptions refuses options with which nothing could be streamed.
func checkOptions(src Source, o Options) error {
	bad := func(what string, want string, got int) error {
		return fmt.Errorf("pipelines: stream of %s: want %s %s, got %d: change the option", src.Name(), what, want, got)
	}
	switch {
	case src.Len() < 1:
		return fmt.Errorf("pipelines: stream of %s: want at least 1 example, got an empty set: check the data", src.Name())
	case o.Batch < 1:
		return bad("batch", "of at least 1", o.Batch)
	case o.Epochs < 0:
		return bad("epochs", "0 or more", o.Epochs)
	case o.Start < 0:
		return bad("start", "0 or more", o.Start)
	case o.Workers < 0:
		return bad("workers", "0 or more", o.Workers)
	case o.Queue < 0:
		return bad("queue", "0 or more", o.Queue)
	case o.Steps(src) == 0:
		return fmt.Errorf("pipelines: stream of %s: want a batch of at most its %d examples, got %d: lower batch or keep the remainder",
			src.Name(), src.Len(), o.Batch)
	}
	return nil
}

func newStream(src Source, o Options) (*stream, error) {
	if err := checkOptions(src, o); err != nil {
		return nil, err
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	s := &stream{src: src, opts: o, steps: o.Steps(src)}
	if o.Balanced && o.Shuffle {
		s.balance = newBalancedOrder(src)
	}
	out, err := o.Augment.OutputShape(src.Shape())
	if err != nil {
		return nil, err
	}
	slots := max(o.Queue, o.Workers) + 1 // one more is with the consumer
	if err := checkStreamMemory(src, o, out, slots); err != nil {
		return nil, err
	}
	for range o.Workers {
		a, err := newAugmenter(o.Augment, src.Shape())
		if err != nil {
			return nil, err
		}
		s.workers = append(s.workers, newWorker(a, o.Augment, src.Shape(), out))
	}
	for range slots {
		s.slots = append(s.slots, newSlot(min(o.Batch, src.Len()), out.Len(), o.Augment))
	}
	return s, nil
}

// checkStreamMemory refuses batches that there is no room for. Each of the slots holds a batch of
// images of shape out, and each worker a few images.
func checkStreamMemory(src Source, o Options, out Shape, slots int) error {
	const perWorker = 16
	images := float64(slots) * float64(min(o.Batch, src.Len()))
	if o.Augment.Deforms() {
		images *= 2
	}
	side := max(out.Len(), src.Shape().Len())
	need := 4 * (images*float64(out.Len()) + perWorker*float64(o.Workers)*float64(side))
	return memory.Check(fmt.Sprintf("%d batches of %d images of %v", slots, o.Batch, out), uint64(min(need, 1<<62)), "lower train.batch or train.workers")
}

// newSlot makes room for n images of size values each, and for what a adds to them.
func newSlot(n, size int, a Augment) *slot {
	t := &slot{
		images: make([]float32, n*size), labels: make([]int32, n), index: make([]int, n),
		ready: make(chan struct{}, 1),
	}
	if a.Deforms() {
		t.deformedViews = make([]float32, n*size)
	}
	if a.Mixes() {
		t.partners, t.shares = make([]int32, n), make([]float32, n)
	}
	return t
}

// run yields until the stream ends, the consumer leaves, ctx is cancelled or a batch fails.
func (s *stream) run(ctx context.Context, yield func(Batch, error) bool) {
	inner, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	// Each channel has room for every slot, so only an empty one makes its reader wait.
	free := make(chan *slot, len(s.slots))
	work := make(chan *slot, len(s.slots))
	order := make(chan *slot, len(s.slots))
	for _, t := range s.slots {
		free <- t
	}
	all.Go(func() { s.dispatchSlots(inner, free, work, order) })
	for _, w := range s.workers {
		all.Go(func() { s.fillSlots(inner, w, work) })
	}
	for {
		t, err := nextSlot(ctx, order)
		switch {
		case err != nil:
			yield(Batch{}, err)
			return
		case t == nil:
			return
		case !yield(t.Batch, nil):
			return
		}
		free <- t
	}
}

// nextSlot waits for the next slot of order and until it is filled. nil, nil is the end.
func nextSlot(ctx context.Context, order <-chan *slot) (*slot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var t *slot
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case t = <-order:
	}
	if t == nil {
		return nil, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.ready:
	}
	return t, t.err
}

// dispatchSlots queues free slots in order, for the consumer and for the workers.
func (s *stream) dispatchSlots(ctx context.Context, free <-chan *slot, work, order chan<- *slot) {
	defer close(work)
	defer close(order)
	n := s.src.Len()
	permutation := make([]int, n)
	gen := newGenerator()
	drawn := -1 // the epoch whose permutation this is
	for step := s.opts.Start; ; step++ {
		epoch := step / s.steps
		if s.opts.Epochs > 0 && epoch >= s.opts.Epochs {
			return
		}
		if epoch != drawn {
			s.writeOrder(permutation, gen, epoch)
			drawn = epoch
		}
		var t *slot
		select {
		case <-ctx.Done():
			return
		case t = <-free:
		}
		from := step % s.steps * s.opts.Batch
		count := copy(t.index, permutation[from:min(from+s.opts.Batch, n)])
		per := len(t.images) / len(t.index)
		t.Batch = Batch{
			Images: t.images[:count*per], Labels: t.labels[:count], Index: t.index[:count],
			Step: step, Epoch: epoch, N: count,
		}
		if t.deformedViews != nil {
			t.DeformedViews = t.deformedViews[:count*per]
		}
		if t.partners != nil {
			t.Partners, t.Shares = t.partners[:count], t.shares[:count]
		}
		order <- t
		work <- t
	}
}

// writeOrder writes the order of an epoch.
func (s *stream) writeOrder(to []int, gen *generator, epoch int) {
	if s.balance != nil {
		s.balance.write(to, Seed(s.opts.Seed), epoch, gen)
		return
	}
	for i := range to {
		to[i] = i
	}
	if !s.opts.Shuffle {
		return
	}
	r := gen.reseed(Seed(s.opts.Seed).Split("order", epoch))
	r.Shuffle(len(to), func(i, j int) { to[i], to[j] = to[j], to[i] })
}
