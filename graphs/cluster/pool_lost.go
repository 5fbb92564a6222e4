package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"unwarp/graphs"
)

// again is how long after a failed attempt a lost worker is tried again.
const again = time.Second

// lose gives up the session of a worker, says so, and begins to look for the worker.
func (p *Pool) lose(m *member, why error) {
	go m.worker.Close()
	m.worker, m.lost, m.why = nil, time.Now(), why
	then := fmt.Sprintf("waiting up to %v for it to come back", seconds(p.config.Wait))
	if n := p.live(); p.config.Elastic && n > 0 {
		then = describeOthers(n)
	}
	p.note(fmt.Sprintf("worker %s is lost: %v; %s", m.address, why, then))
	p.stopped.Go(func() { p.look(m) })
}

// describeOthers says that n workers go on without another.
func describeOthers(n int) string {
	if n == 1 {
		return "going on with the other worker"
	}
	return fmt.Sprintf("going on with the other %d workers", n)
}

// look tries to reach a lost worker until it is back or the pool is closed.
func (p *Pool) look(m *member) {
	for {
		w, err := Connect(p.looking, m.address, p.net, graphs.Values{}, p.config)
		var refused *RefusedError
		if err == nil || errors.As(err, &refused) {
			m.back <- returned{w, err}
			return
		}
		select {
		case <-p.looking.Done():
			return
		case <-time.After(again):
		}
	}
}

// takeBack takes back the workers that have returned. One that does not suit stays
// lost.
func (p *Pool) takeBack() {
	for _, m := range p.members {
		select {
		case r := <-m.back:
			p.welcome(m, r)
		default:
		}
	}
}

func (p *Pool) welcome(m *member, r returned) {
	if m.refused = r.err; r.err != nil {
		p.note(fmt.Sprintf("worker %s is back, but does not suit: %v", m.address, errors.Unwrap(r.err)))
		return
	}
	m.worker = r.worker
	p.note(fmt.Sprintf("worker %s is back after %v", m.address, time.Since(m.lost).Round(time.Second/10)))
}

// waitForReturn waits until enough lost workers are back.
func (p *Pool) waitForReturn(ctx context.Context) error {
	tick := time.NewTicker(again / 10)
	defer tick.Stop()
	for p.needsReturn() {
		if err := p.hopeless(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			p.takeBack()
		}
	}
	return nil
}

// hopeless is an error where waiting has become useless: for a single worker, or
// for all of an elastic pool.
func (p *Pool) hopeless() (err error) {
	limit := seconds(p.config.Wait)
	for _, m := range p.members {
		switch {
		case m.worker != nil:
			continue
		case m.refused != nil:
			err = m.refused
		case time.Since(m.lost) > limit:
			err = fmt.Errorf("%w; it did not come back within %v", &LostError{m.address, m.why}, limit)
		case p.config.Elastic:
			return nil // this one may come back
		default:
			continue
		}
		if !p.config.Elastic {
			return err
		}
	}
	return err
}
