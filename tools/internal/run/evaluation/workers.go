package evaluation

import (
	"context"
	"sync"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks/engine"
	"unwarp/graphs"
	"unwarp/graphs/cluster"
)

// useWorkers has the configured workers compute what attacks ask of the model, and
// returns what ends their sessions. note is told in a line what befalls them.
func (e *Evaluator) useWorkers(ctx context.Context, note func(text string)) (end func(), err error) {
	c := e.subject.Config
	if c.Workers.Len() == 0 {
		return func() {}, nil
	}
	reference, err := newPool(ctx, e.ReferenceModel.Net, c.Workers, c.Cluster, note)
	if err != nil {
		return nil, err
	}
	gradient := reference
	if e.GradientModel.Net != e.ReferenceModel.Net {
		if gradient, err = newPool(ctx, e.GradientModel.Net, c.Workers, c.Cluster, note); err != nil {
			reference.Close()
			return nil, err
		}
	}
	e.Engine.Distribute(reference, gradient)
	return func() {
		e.Engine.Distribute(nil, nil)
		reference.Close()
		if gradient != reference {
			gradient.Close()
		}
	}, nil
}

// pool has workers make the session calls of a net.
type pool struct {
	*cluster.Pool
	values graphs.Values

	mu      sync.Mutex
	runners map[string]*workerRunner // of the present session at each address
}

func newPool(ctx context.Context, net *graphs.Net, at cluster.Addresses, c cluster.Config, note func(string)) (*pool, error) {
	p := &pool{runners: map[string]*workerRunner{}}
	var err error
	if p.values, err = net.ReadVariables(); err != nil {
		return nil, err
	}
	p.Pool, err = cluster.OpenPool(ctx, net, at, c, graphs.Values{}, note)
	return p, err
}

// Computers implements [engine.Distributor].
func (p *pool) Computers() int { return p.Len() }

// Each implements [engine.Distributor].
func (p *pool) Each(ctx context.Context, n int, call func(on engine.Runner, i int) error) error {
	return p.Pool.Each(ctx, n, func(ctx context.Context, w *cluster.Worker, i int) error {
		on, err := p.runnerOf(ctx, w)
		if err != nil {
			return err
		}
		return call(on, i)
	})
}

// runnerOf is the runner of a session, which gets the weights when it is new.
func (p *pool) runnerOf(ctx context.Context, w *cluster.Worker) (*workerRunner, error) {
	p.mu.Lock()
	on := p.runners[w.Address]
	p.mu.Unlock()
	if on != nil && on.w == w {
		on.ctx = ctx
		return on, nil
	}
	if err := w.SetVariables(ctx, p.values); err != nil {
		return nil, err
	}
	on = &workerRunner{ctx, w}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runners[w.Address] = on
	return on, nil
}

// workerRunner computes values on a worker, one call at a time.
type workerRunner struct {
	ctx context.Context
	w   *cluster.Worker
}

func (r *workerRunner) Run(feeds graphs.Feeds, fetches []tf.Output, targets ...*tf.Operation) ([]*tf.Tensor, error) {
	return r.w.Run(r.ctx, feeds, fetches, targets...)
}
