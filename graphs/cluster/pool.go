package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"unwarp/graphs"
)

// Pool are the workers that compute jobs for one net. Who computes a job is no part
// of its result, so the jobs of a worker that is lost are given to it again when it
// is back, or with [Config.Elastic] to the others at once.
type Pool struct {
	net     *graphs.Net
	config  Config
	note    func(string) // is told what befalls workers, by one goroutine at a time
	noting  sync.Mutex   // while the pool is opened
	members []*member

	looking context.Context // of what tries to reach lost workers
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// member is one of the addresses of a pool.
type member struct {
	address string
	worker  *Worker // nil while it is lost
	lost    time.Time
	why     error
	refused error         // does not suit any more
	back    chan returned // holds what became of it, at most one
}

// returned is a worker that is there again, or one that does not suit any more.
type returned struct {
	worker *Worker
	err    error
}

// OpenPool connects to the workers and gives their variables the values, which may be none.
// All must answer within a minute; with [Config.Elastic] one must, and those that are missing
// after ten seconds are taken in when they come up. note is told in one line each when a
// worker is missing or lost and when it is back.
func OpenPool(ctx context.Context, net *graphs.Net, addresses Addresses, c Config, values graphs.Values, note func(string)) (*Pool, error) {
	keepMemory()
	p := &Pool{net: net, config: c, note: note}
	p.looking, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	for _, a := range addresses.List() {
		p.members = append(p.members, &member{address: a, back: make(chan returned, 1)})
	}
	if err := p.begin(ctx, values); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Len is the number of workers, lost ones included.
func (p *Pool) Len() int { return len(p.members) }

// Close ends all sessions.
func (p *Pool) Close() {
	p.stop()
	p.stopped.Wait()
	for _, m := range p.members {
		select {
		case r := <-m.back:
			m.worker = r.worker
		default:
		}
		if m.worker != nil {
			m.worker.Close()
		}
	}
}

// attempts is how often a job is given to workers that are lost by it.
const attempts = 5

// Each runs the jobs 0 … jobs-1, those of each worker one after another and all
// workers at the same time. A run whose worker is lost begins anew on one that has
// returned, whose variables have no values, or on another: it must set what it
// reads. Other errors of run end Each. Where a lost worker is waited for, Each ends
// with its [LostError] after [Config.Wait], or when ctx is cancelled.
func (p *Pool) Each(ctx context.Context, jobs int, run func(ctx context.Context, w *Worker, job int) error) error {
	todo := make([]int, jobs)
	for i := range todo {
		todo[i] = i
	}
	for failed := 0; ; {
		p.takeBack()
		if p.needsReturn() {
			if err := p.waitForReturn(ctx); err != nil {
				return err
			}
		}
		var err error
		if todo, err = p.round(ctx, todo, run); err != nil || len(todo) == 0 {
			return err
		}
		if failed++; failed >= attempts*len(p.members) {
			return fmt.Errorf("%w: that happened %d times in a row", p.lastFault(), failed)
		}
	}
}

// needsReturn is true where nothing goes on without a worker that is lost.
func (p *Pool) needsReturn() bool {
	live := p.live()
	return live == 0 || !p.config.Elastic && live < len(p.members)
}

func (p *Pool) live() (n int) {
	for _, m := range p.members {
		if m.worker != nil {
			n++
		}
	}
	return n
}

// round shares out jobs and returns those whose worker was lost.
func (p *Pool) round(ctx context.Context, jobs []int, run func(ctx context.Context, w *Worker, job int) error) (left []int, err error) {
	lists := p.share(jobs)
	faults := make([]error, len(p.members))
	done := make([]int, len(p.members))
	ended := make(chan int, len(lists)) // members, as each has done or lost its jobs
	for i, list := range lists {
		w := p.members[i].worker
		go func() {
			defer func() { ended <- i }()
			for _, job := range list {
				if faults[i] = run(ctx, w, job); faults[i] != nil {
					return
				}
				done[i]++
			}
		}()
	}
	for range lists {
		// A lost worker is named at once: another may take long to answer.
		i := <-ended
		var lost *LostError
		if ctx.Err() == nil && errors.As(faults[i], &lost) {
			p.lose(p.members[i], lost.Why)
		}
	}
	if ctx.Err() != nil && slices.ContainsFunc(faults, func(err error) bool { return err != nil }) {
		return nil, ctx.Err()
	}
	for i, fault := range faults {
		var lost *LostError
		if fault != nil && !errors.As(fault, &lost) {
			return nil, fault
		}
		left = append(left, lists[i][done[i]:]...)
	}
	slices.Sort(left)
	return left, nil
}

// share is a list of jobs for each member: job k goes to member k modulo their
// number, or where that is lost to another.
func (p *Pool) share(jobs []int) [][]int {
	lists := make([][]int, len(p.members))
	next := 0
	for _, job := range jobs {
		at := job % len(p.members)
		for p.members[at].worker == nil {
			at = next % len(p.members)
			next++
		}
		lists[at] = append(lists[at], job)
	}
	return lists
}

// lastFault is why the worker was lost that was lost last.
func (p *Pool) lastFault() error {
	last := slices.MaxFunc(p.members, func(a, b *member) int { return a.lost.Compare(b.lost) })
	return &LostError{last.address, last.why}
}
