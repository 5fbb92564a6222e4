package trainer

import (
	"context"
	"fmt"
	"sync"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/cluster"
	"unwarp/pipelines"
)

// replicas make a training step of a batch that is split: each computes the
// gradients of its share, on a device of this process or on a worker, and the sum
// of all updates the weights. Split and sum depend on the number of replicas alone,
// not on what computes them.
type replicas struct {
	graph  *TrainGraph
	net    *graphs.Net // holds the weights
	seed   pipelines.Seed
	clocks replicaClocks
	update *updateBuffers

	devices []*replica    // of this process; nil with workers
	pool    *cluster.Pool // nil without workers

	mu       sync.Mutex
	byWorker map[*cluster.Worker]*replica
}

func (r *run) newReplicas(ctx context.Context) (*replicas, error) {
	g := r.graph
	p := &replicas{graph: g, net: r.net, seed: pipelines.Seed(r.in.Seed), byWorker: map[*cluster.Worker]*replica{}}
	var err error
	if p.update, err = g.newUpdateBuffers(); err != nil {
		return nil, err
	}
	if r.in.Workers.Len() > 0 {
		for _, address := range r.in.Workers.List() {
			p.clocks.of(address) // in this order
		}
		note := func(text string) { r.notify(func(o Observer) { o.Noted(r.at, text) }) }
		p.pool, err = cluster.OpenPool(ctx, r.net, r.in.Workers, r.in.Cluster, graphs.Values{}, note)
		return p, err
	}
	runners := map[string]runner{"this device": r.net}
	names := []string{"this device"}
	if on := g.replicas.onDevices; len(on) > 0 {
		names = nil
		for _, o := range on {
			names = append(names, o.Device())
			runners[o.Device()] = replicaNet{r.net, o}
		}
	}
	for _, name := range names {
		c, err := p.newReplica(name, runners[name])
		if err != nil {
			return nil, err
		}
		p.devices = append(p.devices, c)
	}
	return p, nil
}

func (p *replicas) close() {
	if p.pool != nil {
		p.pool.Close()
	}
}

// replicaNet runs the copies of values in a replica.
type replicaNet struct {
	net  *graphs.Net
	copy graphs.Replica
}

func (n replicaNet) Run(feeds graphs.Feeds, fetches []tf.Output, targets ...*tf.Operation) ([]*tf.Tensor, error) {
	copies := make([]tf.Output, len(fetches))
	for i, x := range fetches {
		copies[i] = n.copy.Of(x)
	}
	return n.net.Run(n.copy.Feeds(feeds), copies, targets...)
}

// step computes all shares of a batch, and updates the weights.
func (p *replicas) step(ctx context.Context, b stepBatch, step int, at stepParams) (Losses, error) {
	n := p.graph.replicaCount()
	j := &stepJob{
		batch: b, step: step, at: at, whole: p.graph.wholeShare(b.N), fetches: p.graph.replicas.fetches,
		attacked: make([]*stepBatch, n), second: graphs.Feeds{}, results: make([][]*tf.Tensor, n),
	}
	if err := p.readSeen(j); err != nil {
		return Losses{}, err
	}
	if err := p.prepare(ctx, j); err != nil {
		return Losses{}, err
	}
	if err := p.compute(ctx, j); err != nil {
		return Losses{}, err
	}
	return p.apply(j)
}

// stepJob is a step that is split.
type stepJob struct {
	batch    stepBatch
	step     int
	at       stepParams
	whole    share
	seen     []float32      // [batch,H,W,C], the perturbation of an inPassAttack
	values   graphs.Values  // weights and statistics, for workers
	first    bool           // the first of two rounds is under way
	fetches  []tf.Output    // of the round under way
	attacked []*stepBatch   // what each replica has made of its share; nil before it has
	second   graphs.Feeds   // what the first round has found out for the second
	results  [][]*tf.Tensor // of each replica
}

// readSeen fetches the perturbation that goes on from batch to batch.
func (p *replicas) readSeen(j *stepJob) error {
	if p.graph.replicas.perturbing.Op == nil {
		return nil
	}
	out, err := p.net.Run(nil, []tf.Output{p.graph.replicas.perturbing})
	if err == nil {
		j.seen = graphs.Floats(nil, out[0])
	}
	return err
}

func (p *replicas) compute(ctx context.Context, j *stepJob) (err error) {
	if p.pool == nil {
		return p.computeHere(j)
	}
	if j.values.Len() == 0 {
		if j.values, err = p.net.ReadVariables(graphs.Trainable, graphs.Statistic); err != nil {
			return err
		}
	}
	return p.pool.Each(ctx, len(j.results), func(ctx context.Context, w *cluster.Worker, k int) error {
		c, err := p.onWorker(ctx, w)
		if err != nil {
			return err
		}
		if c.weightsOf != j.step+1 {
			if err := w.SetVariables(ctx, j.values); err != nil {
				return err
			}
			c.weightsOf = j.step + 1
		}
		return c.compute(j, k)
	})
}

// computeHere has each device compute its shares.
func (p *replicas) computeHere(j *stepJob) error {
	faults := make([]error, len(p.devices))
	var all sync.WaitGroup
	for i, c := range p.devices {
		all.Go(func() {
			for k := i; k < len(j.results) && faults[i] == nil; k += len(p.devices) {
				faults[i] = c.compute(j, k)
			}
		})
	}
	all.Wait()
	for i, err := range faults {
		if err != nil {
			return fmt.Errorf("%s: %w", p.devices[i].name, err)
		}
	}
	return nil
}

// onWorker is the replica of a session on a worker. A session that is new has new
// buffers: those of a lost one may still be read.
func (p *replicas) onWorker(ctx context.Context, w *cluster.Worker) (*replica, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.byWorker[w]
	if c == nil {
		for old := range p.byWorker {
			if old.Address == w.Address {
				delete(p.byWorker, old)
			}
		}
		var err error
		if c, err = p.newReplica(w.Address, nil); err != nil {
			return nil, err
		}
		p.byWorker[w] = c
	}
	c.runOn(workerNet{ctx, w})
	return c, nil
}

// workerNet runs values on a worker.
type workerNet struct {
	ctx context.Context
	w   *cluster.Worker
}

func (n workerNet) Run(feeds graphs.Feeds, fetches []tf.Output, targets ...*tf.Operation) ([]*tf.Tensor, error) {
	return n.w.Run(n.ctx, feeds, fetches, targets...)
}
