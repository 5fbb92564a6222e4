package pipelines

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"
)

// Batch is N examples. Its slices are valid until the next iteration of the stream.
type Batch struct {
	Images []float32 // [N,H,W,C], 8-bit values / 255; jitter may leave [0,1]
	Twins  []float32 // [N,H,W,C], the deformed I' of section 2.2; nil without deform
	Labels []int32   // [N], in 0..Classes()-1
	Index  []int     // [N], the examples' places in the source
	Step   int       // number of the batch, from 0, over all epochs
	Epoch  int       // from 0
	N      int
}

// Options says how to stream a source.
type Options struct {
	Batch     int     `mapstructure:"batch" yaml:"batch"`         // examples per batch, at least 1
	Seed      uint64  `mapstructure:"seed" yaml:"seed"`           // of order and augmentation
	Shuffle   bool    `mapstructure:"shuffle" yaml:"shuffle"`     // a new order each epoch
	Augment   Augment `mapstructure:"augment" yaml:"augment"`     // what to do to each image
	Epochs    int     `mapstructure:"epochs" yaml:"epochs"`       // 0: without end
	Start     int     `mapstructure:"start" yaml:"start"`         // first batch to yield, to resume
	Workers   int     `mapstructure:"workers" yaml:"workers"`     // goroutines; 0: GOMAXPROCS
	Queue     int     `mapstructure:"queue" yaml:"queue"`         // batches kept ready; 0: 4
	Remainder bool    `mapstructure:"remainder" yaml:"remainder"` // keep an epoch's short last batch
}

// defaultQueue is how many batches are kept ready.
const defaultQueue = 4

// Steps is the number of batches of one epoch of src; 0 if there is none.
func (o Options) Steps(src Source) int {
	if o.Batch < 1 {
		return 0
	}
	n := src.Len() / o.Batch
	if o.Remainder && src.Len()%o.Batch > 0 {
		n++
	}
	return n
}

// Stream yields the batches of src, from batch o.Start on, in an order and with contents that depend
// on o.Seed, o.Shuffle, o.Batch, o.Remainder and o.Augment alone: not on workers, queue, timing or
// Start. Each range over it begins anew.
//
// Trouble is yielded once, as (Batch{}, err), in place of the batch it befell; then the stream ends.
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

// slot is a batch on its way: promised to the consumer in order, filled by whichever worker is free.
type slot struct {
	Batch
	images, twins []float32 // room for a full batch
	labels        []int32
	index         []int
	err           error
	ready         chan struct{} // receives one value when the slot is filled
}

type stream struct {
	src     Source
	opts    Options
	steps   int // per epoch
	workers []*worker
	slots   []*slot
}

// worker is what one goroutine needs to fill slots.
type worker struct {
	augment *augmenter
	raw     []uint8
}

func newStream(src Source, o Options) (*stream, error) {
	bad := func(what string, want string, got int) error {
		return fmt.Errorf("pipelines: stream of %s: want %s %s, got %d: change the option", src.Name(), what, want, got)
	}
	switch {
	case src.Len() < 1:
		return nil, fmt.Errorf("pipelines: stream of %s: want at least 1 example, got an empty set: check the data", src.Name())
	case o.Batch < 1:
		return nil, bad("batch", "of at least 1", o.Batch)
	case o.Epochs < 0:
		return nil, bad("epochs", "0 or more", o.Epochs)
	case o.Start < 0:
		return nil, bad("start", "0 or more", o.Start)
	case o.Workers < 0:
		return nil, bad("workers", "0 or more", o.Workers)
	case o.Queue < 0:
		return nil, bad("queue", "0 or more", o.Queue)
	case o.Steps(src) == 0:
		return nil, fmt.Errorf("pipelines: stream of %s: want a batch of at most its %d examples, got %d: lower batch or keep the remainder",
			src.Name(), src.Len(), o.Batch)
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	s := &stream{src: src, opts: o, steps: o.Steps(src)}
	out, err := o.Augment.Out(src.Shape())
	if err != nil {
		return nil, err
	}
	for range o.Workers {
		a, err := newAugmenter(o.Augment, src.Shape())
		if err != nil {
			return nil, err
		}
		s.workers = append(s.workers, &worker{a, make([]uint8, src.Shape().Len())})
	}
	n := min(o.Batch, src.Len())
	for range max(o.Queue, o.Workers) + 1 { // one more is in the consumer's hands
		t := &slot{
			images: make([]float32, n*out.Len()), labels: make([]int32, n), index: make([]int, n),
			ready: make(chan struct{}, 1),
		}
		if o.Augment.Twin() {
			t.twins = make([]float32, n*out.Len())
		}
		s.slots = append(s.slots, t)
	}
	return s, nil
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
	all.Go(func() { s.promise(inner, free, work, order) })
	for _, w := range s.workers {
		all.Go(func() { s.fill(inner, w, work) })
	}
	for {
		t, err := next(ctx, order)
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

// next waits for the next promise and for its keeping. nil, nil is the end.
func next(ctx context.Context, order <-chan *slot) (*slot, error) {
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

// promise hands out slots in order: to the consumer as promises, to the workers as work.
func (s *stream) promise(ctx context.Context, free <-chan *slot, work, order chan<- *slot) {
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
			s.permute(permutation, gen, epoch)
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
		if t.twins != nil {
			t.Twins = t.twins[:count*per]
		}
		order <- t
		work <- t
	}
}

// permute writes the order of an epoch.
func (s *stream) permute(to []int, gen *generator, epoch int) {
	for i := range to {
		to[i] = i
	}
	if !s.opts.Shuffle {
		return
	}
	r := gen.at(Seed(s.opts.Seed).Split("order", epoch))
	r.Shuffle(len(to), func(i, j int) { to[i], to[j] = to[j], to[i] })
}

// fill keeps promises until there are no more.
func (s *stream) fill(ctx context.Context, w *worker, work <-chan *slot) {
	for {
		select {
		case <-ctx.Done():
			return
		case t, ok := <-work:
			if !ok {
				return
			}
			t.err = s.load(ctx, w, t)
			t.ready <- struct{}{}
		}
	}
}

// load reads and augments the examples of one batch.
func (s *stream) load(ctx context.Context, w *worker, t *slot) error {
	per := len(t.Images) / t.N
	for k, i := range t.Index {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		label, err := readExample(s.src, i, w.raw)
		if err != nil {
			return err
		}
		t.Labels[k] = int32(label)
		var twin []float32
		if t.Twins != nil {
			twin = t.Twins[k*per : (k+1)*per]
		}
		seed := Seed(s.opts.Seed).Split("augment", t.Epoch, i)
		w.augment.apply(seed, w.raw, t.Images[k*per:(k+1)*per], twin)
	}
	return nil
}
