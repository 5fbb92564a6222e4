package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"unwarp/graphs"
)

// starting is how long a worker may take to come up that is started together with
// its driver, and startingElastic how long where others are there to go on with.
const (
	starting        = time.Minute
	startingElastic = 10 * time.Second
)

// begin connects to all members at the same time.
func (p *Pool) begin(ctx context.Context, values graphs.Values) error {
	var all sync.WaitGroup
	var there atomic.Int32
	faults := make([]error, len(p.members))
	for i, m := range p.members {
		all.Go(func() {
			if m.worker, faults[i] = p.connectPatiently(ctx, m.address, values, &there); faults[i] == nil {
				there.Add(1)
			}
		})
	}
	all.Wait()
	for _, err := range faults {
		var lost *LostError
		switch {
		case err == nil, errors.As(err, &lost) && p.config.Elastic && there.Load() > 0:
		case lost != nil && !p.config.Elastic && len(p.members) > 1:
			return fmt.Errorf("%w: waited %v: all must be up at the start, or go on without with --elastic", err, p.patience())
		default:
			return err
		}
	}
	for i, m := range p.members {
		if faults[i] != nil {
			p.miss(m, errors.Unwrap(faults[i]))
		}
	}
	return nil
}

// miss goes on without a worker that was not there at the start, and looks for it.
func (p *Pool) miss(m *member, why error) {
	m.lost, m.why = time.Now(), why
	p.note(fmt.Sprintf("worker %s is missing: %v; %s until it comes up", m.address, why, describeOthers(p.live())))
	p.stopped.Go(func() { p.look(m) })
}

// patience is how long a worker is waited for at the start.
func (p *Pool) patience() time.Duration { return min(starting, seconds(p.config.Wait)) }

// connectPatiently is [Connect], tried for a while where nobody answers. there is
// the number of workers that have answered.
func (p *Pool) connectPatiently(ctx context.Context, address string, values graphs.Values, there *atomic.Int32) (*Worker, error) {
	limit := p.patience()
	short := min(startingElastic, limit)
	for began, noted := time.Now(), false; ; noted = true {
		w, err := Connect(ctx, address, p.net, values, p.config)
		var lost *LostError
		waited := time.Since(began)
		if !errors.As(err, &lost) || waited > limit || p.config.Elastic && there.Load() > 0 && waited > short {
			return w, err
		}
		if !noted {
			p.noting.Lock()
			p.note(fmt.Sprintf("%v; waiting up to %v for it", lost, p.describeLimit(limit, short)))
			p.noting.Unlock()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(again / 2):
		}
	}
}

func (p *Pool) describeLimit(limit, short time.Duration) string {
	if p.config.Elastic && len(p.members) > 1 && short < limit {
		return fmt.Sprintf("%v (%v if no other is there)", short, limit)
	}
	return limit.String()
}
