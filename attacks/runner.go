package attacks

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// runner executes the arena's passes on one batch and counts what they cost.
type runner struct {
	*Arena
	net      *graphs.Net
	size     int
	images   *graphs.Buffer // the clean images; never written during a batch
	labels   *graphs.Buffer
	eps      *graphs.Buffer
	alpha    *graphs.Buffer
	forward  int // passes times images
	backward int
}

func (a *Arena) newRunner(net *graphs.Net, size int) (*runner, error) {
	r := &runner{Arena: a, net: net, size: size}
	n := int64(size)
	for _, b := range []struct {
		dst  **graphs.Buffer
		dt   tf.DataType
		dims []int64
	}{
		{&r.images, tf.Float, []int64{n, int64(a.Victim.H), int64(a.Victim.W), int64(a.Victim.C)}},
		{&r.labels, tf.Int32, []int64{n}},
		{&r.eps, tf.Float, []int64{n}},
		{&r.alpha, tf.Float, []int64{n}},
	} {
		buf, err := graphs.NewBuffer(b.dt, b.dims...)
		if err != nil {
			return nil, err
		}
		*b.dst = buf
	}
	return r, nil
}

func (r *runner) load(batch Set) {
	copy(r.images.Float32(), batch.Pixels)
	copy(r.labels.Int32(), batch.Labels)
}

// ascent is the direction in which loss grows fastest at the clean images.
func (r *runner) ascent(l Loss) (*tf.Tensor, error) {
	r.forward, r.backward = r.forward+r.size, r.backward+r.size
	return r.one(graphs.Feeds{
		r.Arena.images.Feed: r.images.Tensor,
		r.Arena.labels.Feed: r.labels.Tensor,
	}, r.gradients[l].direction)
}

// climb takes one step of size alpha uphill from at, within eps of the clean
// images.
func (r *runner) climb(l Loss, at *tf.Tensor, eps, alpha float32) (*tf.Tensor, error) {
	r.forward, r.backward = r.forward+r.size, r.backward+r.size
	feeds := r.radius(eps, alpha)
	feeds[r.Arena.images.Feed] = at
	feeds[r.Arena.labels.Feed] = r.labels.Tensor
	return r.one(feeds, r.gradients[l].next)
}

// follow takes one step of size alpha along direction from the clean images.
func (r *runner) follow(direction *tf.Tensor, eps, alpha float32) (*tf.Tensor, error) {
	feeds := r.radius(eps, alpha)
	feeds[r.Arena.images.Feed] = r.images.Tensor
	feeds[r.direction.Feed] = direction
	return r.one(feeds, r.along)
}

// classify is plain inference: the referee's pass.
func (r *runner) classify(images *tf.Tensor) ([]int32, error) {
	r.forward += r.size
	classes, err := r.one(graphs.Feeds{r.Arena.images.Feed: images}, r.classes)
	if err != nil {
		return nil, err
	}
	return graphs.Ints(nil, classes), nil
}

func (r *runner) radius(eps, alpha float32) graphs.Feeds {
	e, a := r.eps.Float32(), r.alpha.Float32()
	for i := range e {
		e[i], a[i] = eps, alpha
	}
	return graphs.Feeds{r.Arena.eps.Feed: r.eps.Tensor, r.Arena.alpha.Feed: r.alpha.Tensor, r.origin.Feed: r.images.Tensor}
}

func (r *runner) one(feeds graphs.Feeds, fetch tf.Output) (*tf.Tensor, error) {
	out, err := r.net.Run(feeds, []tf.Output{fetch})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}
