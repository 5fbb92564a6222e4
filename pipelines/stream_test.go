package pipelines

import (
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// copied is a batch that outlives the iteration.
func copied(b Batch) Batch {
	b.Images, b.DeformedViews = slices.Clone(b.Images), slices.Clone(b.DeformedViews)
	b.Labels, b.Index = slices.Clone(b.Labels), slices.Clone(b.Index)
	b.Partners, b.Shares = slices.Clone(b.Partners), slices.Clone(b.Shares)
	return b
}

// collect takes up to n batches; n < 0 takes all.
func collect(t *testing.T, src Source, o Options, n int) (all []Batch) {
	t.Helper()
	for b, err := range Stream(context.Background(), src, o) {
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, copied(b)); len(all) == n {
			break
		}
	}
	return all
}

// same says whether all batches are equal to the last bit.
func same(a, b []Batch) bool { return reflect.DeepEqual(a, b) }

// jittery is a source whose examples take a random time, so that workers overtake each other.
type jittery struct{ Source }

func (s jittery) At(i int, dst []uint8) (int, error) {
	time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
	return s.Source.At(i, dst)
}

const small = "crop(8)|resize(6)|flip|brightness(.1)|contrast(.5,1.5)|deform(stretch=2..4,shift=2..4)"

func smallOptions(t *testing.T) Options {
	return Options{Batch: 4, Seed: 7, Shuffle: true, Augment: parse(t, small), Epochs: 3}
}

func TestStreamIsTheSameForAnyWorkers(t *testing.T) {
	src := noise("n", 30, Shape{12, 12, 2}, 10)
	o := smallOptions(t)
	o.Remainder = true
	o.Workers = 1
	want := collect(t, src, o, -1)
	if len(want) != 3*8 {
		t.Fatalf("%d batches, want 24", len(want))
	}
	for _, c := range []struct{ workers, queue int }{{2, 0}, {7, 0}, {7, 1}, {2, 20}, {0, 3}} {
		o.Workers, o.Queue = c.workers, c.queue
		if got := collect(t, jittery{src}, o, -1); !same(got, want) {
			t.Errorf("%d workers with a queue of %d give other batches than one worker", c.workers, c.queue)
		}
	}
}

// Each batch again by hand: the derivation of every number is part of the contract.
func TestStreamContents(t *testing.T) {
	src := noise("n", 10, Shape{12, 12, 1}, 5)
	o := smallOptions(t)
	o.Remainder = true
	m, err := newAugmenter(o.Augment, src.Shape())
	if err != nil {
		t.Fatal(err)
	}
	image, view, raw := make([]float32, 36), make([]float32, 36), make([]uint8, 144)
	step := 0
	for _, b := range collect(t, src, o, -1) {
		wantN := 4
		if step%3 == 2 {
			wantN = 2
		}
		if b.Step != step || b.Epoch != step/3 || b.N != wantN || len(b.Index) != wantN || len(b.Labels) != wantN ||
			len(b.Images) != wantN*36 || len(b.DeformedViews) != wantN*36 {
			t.Fatalf("batch %d: step %d, epoch %d, %d examples with %d images, %d views", step, b.Step, b.Epoch, b.N, len(b.Images), len(b.DeformedViews))
		}
		for k, i := range b.Index {
			if int(b.Labels[k]) != i%5 {
				t.Errorf("batch %d: example %d has label %d, want %d", step, i, b.Labels[k], i%5)
			}
			if _, err := src.At(i, raw); err != nil {
				t.Fatal(err)
			}
			m.apply(Seed(7).Split("augment", b.Epoch, i), raw, image, view)
			if !slices.Equal(image, b.Images[k*36:(k+1)*36]) || !slices.Equal(view, b.DeformedViews[k*36:(k+1)*36]) {
				t.Errorf("batch %d: example %d is not the augmentation of its own seed", step, i)
			}
		}
		step++
	}
}

func TestStreamEpochsArePermutations(t *testing.T) {
	src := noise("n", 30, Shape{2, 2, 1}, 10)
	o := Options{Batch: 7, Seed: 3, Shuffle: true, Epochs: 4, Remainder: true}
	epochs := make([][]int, 4)
	for _, b := range collect(t, src, o, -1) {
		epochs[b.Epoch] = append(epochs[b.Epoch], b.Index...)
	}
	straight := make([]int, 30)
	for i := range straight {
		straight[i] = i
	}
	for e, order := range epochs {
		if sorted := slices.Sorted(slices.Values(order)); !slices.Equal(sorted, straight) {
			t.Errorf("epoch %d shows %v, want each example once", e, order)
		}
		for f := range e {
			if slices.Equal(order, epochs[f]) {
				t.Errorf("epochs %d and %d have the same order", f, e)
			}
		}
	}
	o.Seed = 4
	if got := collect(t, src, o, 1)[0].Index; slices.Equal(got, epochs[0][:7]) {
		t.Error("two seeds give the same order")
	}
	o.Shuffle = false
	var order []int
	for _, b := range collect(t, src, o, 5) {
		order = append(order, b.Index...)
	}
	if !slices.Equal(order, straight) {
		t.Errorf("unshuffled order %v", order)
	}
}

func TestStreamSteps(t *testing.T) {
	src := noise("n", 10, Shape{2, 2, 1}, 10)
	for _, c := range []struct {
		batch     int
		remainder bool
		want      int
	}{{3, false, 3}, {3, true, 4}, {5, false, 2}, {5, true, 2}, {10, false, 1}, {11, false, 0}, {11, true, 1}, {0, true, 0}, {-1, false, 0}} {
		o := Options{Batch: c.batch, Remainder: c.remainder, Epochs: 2}
		if got := o.Steps(src); got != c.want {
			t.Errorf("batch %d, remainder %v: %d steps, want %d", c.batch, c.remainder, got, c.want)
		}
		if c.want > 0 {
			if got := len(collect(t, src, o, -1)); got != 2*c.want {
				t.Errorf("batch %d, remainder %v: %d batches in two epochs, want %d", c.batch, c.remainder, got, 2*c.want)
			}
		}
	}
}

func TestStreamResumes(t *testing.T) {
	src := noise("n", 30, Shape{12, 12, 1}, 10)
	for _, remainder := range []bool{false, true} {
		o := smallOptions(t)
		o.Remainder = remainder
		want := collect(t, src, o, -1)
		for start := range len(want) + 2 {
			o.Start = start
			got, rest := collect(t, src, o, -1), want[min(start, len(want)):]
			if len(got) != len(rest) || len(rest) > 0 && !same(got, rest) {
				t.Fatalf("remainder %v: resumed at batch %d it gives other batches", remainder, start)
			}
		}
	}
	o := smallOptions(t)
	o.Epochs, o.Start = 0, 1_000_000_000
	if b := collect(t, src, o, 1)[0]; b.Step != o.Start || b.Epoch != o.Start/7 {
		t.Errorf("endless stream resumed at %d gives batch %d of epoch %d", o.Start, b.Step, b.Epoch)
	}
}

// quiet waits until no more goroutines run than before.
func quiet(t *testing.T, before int) {
	t.Helper()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestStreamStopsOnBreak(t *testing.T) {
	before := runtime.NumGoroutine()
	src := noise("n", 30, Shape{12, 12, 1}, 10)
	o := smallOptions(t)
	o.Epochs, o.Workers = 0, 3
	for n := 1; n < 12; n++ {
		collect(t, src, o, n)
		quiet(t, before)
	}
	next, stop := iter.Pull2(Stream(context.Background(), src, o))
	if _, err, ok := next(); err != nil || !ok {
		t.Fatal(err, ok)
	}
	stop()
	quiet(t, before)
}

// busy counts the calls in progress.
type busy struct {
	Source
	calls atomic.Int32
}

func (s *busy) At(i int, dst []uint8) (int, error) {
	s.calls.Add(1)
	defer s.calls.Add(-1)
	time.Sleep(time.Millisecond)
	return s.Source.At(i, dst)
}

// Once the range is left, nobody reads the source any more: it may be closed.
func TestStreamLeavesTheSource(t *testing.T) {
	src := &busy{Source: noise("n", 30, Shape{12, 12, 1}, 10)}
	o := smallOptions(t)
	o.Workers = 3
	for n := 1; n < 4; n++ {
		collect(t, src, o, n)
		if calls := src.calls.Load(); calls != 0 {
			t.Errorf("left after %d batches, %d workers are reading still", n, calls)
		}
	}
}

func TestStreamStopsOnCancel(t *testing.T) {
	before := runtime.NumGoroutine()
	src := noise("n", 30, Shape{12, 12, 1}, 10)
	o := smallOptions(t)
	o.Epochs = 0
	for at := range 9 {
		ctx, cancel := context.WithCancel(context.Background())
		if at == 0 {
			cancel()
		}
		good, bad := 0, 0
		for b, err := range Stream(ctx, src, o) {
			if err != nil {
				if bad++; !errors.Is(err, context.Canceled) || b.N != 0 || b.Images != nil {
					t.Errorf("cancelled at %d: %v with %d examples", at, err, b.N)
				}
				continue
			}
			if good++; good == at {
				cancel()
			}
		}
		if good != at || bad != 1 {
			t.Errorf("cancelled at batch %d: %d batches and %d errors, want %d and 1", at, good, bad, at)
		}
		cancel()
		quiet(t, before)
	}
}

// blocked never answers until it is released.
type blocked struct {
	Source
	release chan struct{}
}

func (s blocked) At(i int, dst []uint8) (int, error) {
	<-s.release
	return s.Source.At(i, dst)
}

// The consumer hears of a cancelled context even while every worker is waiting for the disk.
func TestStreamCancelWhileReading(t *testing.T) {
	before := runtime.NumGoroutine()
	src := blocked{noise("n", 30, Shape{12, 12, 1}, 10), make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	n := 0
	for _, err := range Stream(ctx, src, smallOptions(t)) {
		close(src.release)
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
	}
	if n != 1 {
		t.Errorf("%d yields, want 1", n)
	}
	quiet(t, before)
}

// failing fails at one example, by error or by label.
type failing struct {
	Source
	at    int
	label int // 0: an error instead
}

var errDisk = errors.New("disk on fire")

func (s failing) At(i int, dst []uint8) (int, error) {
	if i == s.at {
		if s.label == 0 {
			return 0, errDisk
		}
		return s.label, nil
	}
	return s.Source.At(i, dst)
}

func TestStreamErrorsInPlace(t *testing.T) {
	before := runtime.NumGoroutine()
	base := noise("n", 40, Shape{12, 12, 1}, 10)
	o := smallOptions(t)
	want := collect(t, base, o, -1)
	for _, src := range []failing{{base, 17, 0}, {base, 17, 10}, {base, 17, -1}} {
		place := slices.IndexFunc(want, func(b Batch) bool { return slices.Contains(b.Index, 17) })
		for _, workers := range []int{1, 2, 7} {
			o.Workers = workers
			n, failures := 0, 0
			for b, err := range Stream(context.Background(), jittery{src}, o) {
				if err == nil {
					if failures > 0 || !same([]Batch{b}, want[n:n+1]) {
						t.Fatalf("batch %d differs or follows an error", n)
					}
					n++
					continue
				}
				failures++
				if b.N != 0 || b.Images != nil {
					t.Errorf("an error came with a batch of %d", b.N)
				}
				if src.label == 0 && !errors.Is(err, errDisk) {
					t.Errorf("error %v, want that of the source", err)
				}
				if src.label != 0 && !strings.Contains(err.Error(), "n: example 17: want a label in 0..9, got ") {
					t.Errorf("error %v does not name the example", err)
				}
			}
			if n != place || failures != 1 {
				t.Errorf("%d workers: %d errors after %d batches, want 1 after %d", workers, failures, n, place)
			}
			quiet(t, before)
		}
	}
}

func TestStreamBadOptions(t *testing.T) {
	src := noise("n", 10, Shape{4, 4, 1}, 10)
	for want, o := range map[string]Options{
		"batch of at least 1, got 0":    {},
		"epochs 0 or more, got -1":      {Batch: 1, Epochs: -1},
		"start 0 or more, got -2":       {Batch: 1, Start: -2},
		"workers 0 or more, got -3":     {Batch: 1, Workers: -3},
		"queue 0 or more, got -4":       {Batch: 1, Queue: -4},
		"at most its 10 examples":       {Batch: 11},
		"want an image of at least 5x5": {Batch: 1, Augment: parse(t, "crop(5)")},
	} {
		n := 0
		for b, err := range Stream(context.Background(), src, o) {
			if n++; err == nil || b.N != 0 || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one that says %q", err, want)
			}
		}
		if n != 1 {
			t.Errorf("%q: %d yields, want 1", want, n)
		}
	}
	empty := noise("nothing", 0, Shape{4, 4, 1}, 10)
	for _, err := range Stream(context.Background(), empty, Options{Batch: 1, Remainder: true}) {
		if err == nil || !strings.Contains(err.Error(), "empty set") {
			t.Errorf("error %v, want one about an empty set", err)
		}
	}
}

// Ranging again over one stream begins anew.
func TestStreamRepeats(t *testing.T) {
	src := noise("n", 30, Shape{12, 12, 1}, 10)
	s := Stream(context.Background(), src, smallOptions(t))
	var runs [2][]Batch
	for i := range runs {
		for b, err := range s {
			if err != nil {
				t.Fatal(err)
			}
			runs[i] = append(runs[i], copied(b))
		}
	}
	if !same(runs[0], runs[1]) {
		t.Error("the second range differs from the first")
	}
}

// Batches without deform have no views, and a short epoch does not reserve room for a full batch.
func TestStreamRoom(t *testing.T) {
	src := noise("n", 3, Shape{4, 4, 1}, 10)
	b := collect(t, src, Options{Batch: math.MaxInt, Remainder: true, Epochs: 1}, -1)
	if len(b) != 1 || b[0].N != 3 || b[0].DeformedViews != nil {
		t.Errorf("%d batches, first of %d examples, views %v; want one of 3, no views", len(b), b[0].N, b[0].DeformedViews)
	}
}

func TestStreamDoesNotAllocatePerBatch(t *testing.T) {
	src := noise("n", 64, Shape{12, 12, 1}, 10)
	o := smallOptions(t)
	o.Epochs, o.Workers = 0, 2
	next, stop := iter.Pull2(Stream(context.Background(), src, o))
	defer stop()
	take := func() {
		if _, err, ok := next(); err != nil || !ok {
			t.Fatal(err, ok)
		}
	}
	for range 50 {
		take()
	}
	if n := testing.AllocsPerRun(500, take); n > 0 {
		t.Errorf("%v allocations per batch, want none", n)
	}
}
