package trainer

import (
	"maps"
	"time"

	"unwarp/graphs"

	tf "github.com/wamuir/graft/tensorflow"
)

// replica computes shares of batches, one at a time.
type replica struct {
	graph     *TrainGraph
	name      string
	net       runner
	buffers   *inputBuffers
	bySize    map[int]*shareBuffers
	adversary *attacker // nil where no images are made before a step
	clock     *replicaClock
	weightsOf int // step after which its variables were set, of a worker
}

// shareBuffers hold what says which rows of a batch are fed.
type shareBuffers struct{ rows, all, weight, place, seen *graphs.Buffer }

func (p *replicas) newReplica(name string, net runner) (*replica, error) {
	c := &replica{graph: p.graph, name: name, net: net, bySize: map[int]*shareBuffers{}, clock: p.clocks.of(name)}
	var err error
	if c.adversary, err = p.graph.newAdversary(net, p.seed); err != nil {
		return nil, err
	}
	c.buffers, err = p.graph.newInputBuffers()
	return c, err
}

// runOn makes net compute from now on.
func (c *replica) runOn(net runner) {
	c.net = net
	if c.adversary != nil {
		c.adversary.net = net
	}
}

// compute computes the share of replica k.
func (c *replica) compute(j *stepJob, k int) error {
	began := time.Now()
	s := j.whole.part(k, len(j.results))
	b, err := c.attackShare(j, k, s)
	if err != nil {
		return err
	}
	feeds, err := c.buffers.feedStep(*b, j.step, j.at)
	if err == nil {
		err = c.feedShare(feeds, j, k, s)
	}
	if err != nil {
		return err
	}
	out, err := c.net.Run(feeds, j.fetches)
	if err != nil {
		return err
	}
	j.results[k] = out
	images := b.N
	if j.first {
		images = 0 // the second round computes them again
	}
	c.clock.add(images, time.Since(began))
	return nil
}

// attackShare is what replica k sees of the batch, attacked: the same in both rounds.
func (c *replica) attackShare(j *stepJob, k int, s share) (*stepBatch, error) {
	if j.attacked[k] != nil {
		return j.attacked[k], nil
	}
	b := j.batch.of(s, c.graph)
	if c.adversary != nil {
		var err error
		if b, err = c.adversary.attackShare(j.batch, s, j.step, j.at.eps, j.at.alpha); err != nil {
			return nil, err
		}
	}
	j.attacked[k] = &b
	return &b, nil
}

// feedShare adds which rows of the batch are fed, and what the first round has found
// out.
func (c *replica) feedShare(feeds graphs.Feeds, j *stepJob, k int, s share) error {
	b, err := c.shareBuffers(s.rows())
	if err != nil {
		return err
	}
	r := c.graph.replicas
	copy(b.rows.Int32(), s.positions(j.whole))
	b.all.Int32()[0] = int32(j.whole.rows())
	feeds[r.rows.Feed], feeds[r.all.Feed] = b.rows.Tensor, b.all.Tensor
	feedFloats(feeds, r.weight, b.weight, j.weight(s))
	maps.Copy(feeds, j.second)
	if r.first.place.Feed.Op != nil {
		b.place.Int32()[0] = int32(k)
		feeds[r.first.place.Feed] = b.place.Tensor
	}
	if size := c.graph.Shape.Len(); j.seen != nil {
		feedFloats(feeds, r.seen, b.seen, j.seen[s.clean.from*size:s.clean.to*size]...)
	}
	return nil
}

// weight is the share of a replica's rows in all.
func (j *stepJob) weight(s share) float32 { return float32(s.rows()) / float32(j.whole.rows()) }

func (c *replica) shareBuffers(n int) (*shareBuffers, error) {
	if b := c.bySize[n]; b != nil {
		return b, nil
	}
	b := &shareBuffers{}
	var err error
	for _, x := range []struct {
		to    **graphs.Buffer
		kind  tf.DataType
		shape []int64
	}{{&b.rows, tf.Int32, []int64{int64(n)}}, {&b.all, tf.Int32, nil}, {&b.weight, tf.Float, nil}, {&b.place, tf.Int32, nil}} {
		if *x.to, err = graphs.NewBuffer(x.kind, x.shape...); err != nil {
			return nil, err
		}
	}
	if c.graph.replicas.seen.Feed.Op != nil {
		if b.seen, err = c.graph.imageBuffer(tf.Float, n); err != nil {
			return nil, err
		}
	}
	c.bySize[n] = b
	return b, nil
}
