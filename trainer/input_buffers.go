package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// inputBuffers keeps one set of tensors per batch size and overwrites them: no
// memory is allocated per step.
type inputBuffers struct {
	graph  *TrainGraph
	bySize map[int]*batchBuffers
	step   *graphs.Buffer
	rate   *graphs.Buffer
	// Fed where there is an adversary, and where lambda rises.
	eps, alpha, lambda, margin, awp *graphs.Buffer
	// Fed where there is certified training.
	bound struct{ eps, kappa, beta, pull, crownRows *graphs.Buffer }
}

// batchBuffers hold a batch of one size; those that the graph does not read are
// nil.
type batchBuffers struct {
	images, views, originals, iterate, labels, teacher, partners, shares *graphs.Buffer
}

func (g *TrainGraph) newInputBuffers() (*inputBuffers, error) {
	f := &inputBuffers{graph: g, bySize: map[int]*batchBuffers{}}
	var err error
	if f.step, err = graphs.NewBuffer(tf.Int64); err != nil {
		return nil, err
	}
	if f.bound.crownRows, err = graphs.NewBuffer(tf.Int32); err != nil {
		return nil, err
	}
	for _, scalar := range []**graphs.Buffer{&f.rate, &f.eps, &f.alpha, &f.lambda, &f.margin, &f.awp, &f.bound.eps, &f.bound.kappa, &f.bound.beta, &f.bound.pull} {
		if *scalar, err = graphs.NewBuffer(tf.Float); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// imageBuffer holds n images of the model's shape.
func (g *TrainGraph) imageBuffer(dt tf.DataType, n int) (*graphs.Buffer, error) {
	return graphs.NewBuffer(dt, g.imageDims(int64(n))...)
}

// buffersFor returns the buffers of batches of n images.
func (f *inputBuffers) buffersFor(n int) (*batchBuffers, error) {
	if s := f.bySize[n]; s != nil {
		return s, nil
	}
	s, g := &batchBuffers{}, f.graph
	var err error
	for _, b := range []struct {
		to **graphs.Buffer
		in graphs.Input
	}{{&s.images, g.Images}, {&s.views, g.views}, {&s.originals, g.originals}, {&s.iterate, g.ascent.iterate}} {
		if b.in.Feed.Op == nil {
			continue
		}
		if *b.to, err = g.imageBuffer(tf.Float, n); err != nil {
			return nil, err
		}
	}
	if s.labels, err = graphs.NewBuffer(tf.Int32, int64(n)); err != nil {
		return nil, err
	}
	if g.shares.Feed.Op != nil {
		if s.partners, err = graphs.NewBuffer(tf.Int32, int64(n)); err != nil {
			return nil, err
		}
		if s.shares, err = graphs.NewBuffer(tf.Float, int64(n)); err != nil {
			return nil, err
		}
	}
	if g.teacher.Feed.Op != nil {
		if s.teacher, err = graphs.NewBuffer(tf.Float, g.teacherRows(n), int64(g.Model.Classes)); err != nil {
			return nil, err
		}
	}
	f.bySize[n] = s
	return s, nil
}

// teacherRows is the number of logits that a teacher gives for n images.
func (g *TrainGraph) teacherRows(n int) int64 {
	if g.Views {
		return 2 * int64(n)
	}
	return int64(n)
}

// feedBatch copies b into the buffers of its size and returns what to feed.
func (f *inputBuffers) feedBatch(b pipelines.Batch, views bool) (graphs.Feeds, error) {
	s, err := f.buffersFor(b.N)
	if err != nil {
		return nil, err
	}
	copy(s.images.Float32(), b.Images)
	copy(s.labels.Int32(), b.Labels)
	feeds := graphs.Feeds{f.graph.Images.Feed: s.images.Tensor, f.graph.Labels.Feed: s.labels.Tensor}
	if views {
		copy(s.views.Float32(), b.DeformedViews)
		feeds[f.graph.views.Feed] = s.views.Tensor
	}
	return feeds, nil
}

// feedStep returns all that a training step is fed.
func (f *inputBuffers) feedStep(r stepBatch, step int, at stepParams) (graphs.Feeds, error) {
	g := f.graph
	feeds, err := f.feedBatch(r.Batch, g.Views)
	if err != nil {
		return nil, err
	}
	s := f.bySize[r.N]
	f.step.Int64()[0] = int64(step)
	feeds[g.step.Feed] = f.step.Tensor
	feedFloats(feeds, g.rate, f.rate, at.rate)
	feedFloats(feeds, g.lambda, f.lambda, at.lambda)
	feedFloats(feeds, g.margin, f.margin, at.margin)
	feedFloats(feeds, g.awp, f.awp, at.awp)
	feedFloats(feeds, g.originals, s.originals, r.originals...)
	feedFloats(feeds, g.teacher, s.teacher, r.teacher...)
	if g.shares.Feed.Op != nil {
		copy(s.partners.Int32(), r.Partners)
		feeds[g.partners.Feed] = s.partners.Tensor
		feedFloats(feeds, g.shares, s.shares, r.Shares...)
	}
	if _, ok := g.Config.Adversary.Method.(inPassAttack); ok {
		f.feedRadius(feeds, at.eps, at.alpha)
	}
	f.feedBound(feeds, at.bound, r.N)
	return feeds, nil
}

// feedBound adds what certified training schedules. CROWN bounds all n rows of a
// batch, with their views, or where its share is 0 a single one: gradients of some
// ops want a row.
func (f *inputBuffers) feedBound(feeds graphs.Feeds, at boundParams, n int) {
	in := f.graph.bound
	feedFloats(feeds, in.eps, f.bound.eps, at.eps)
	feedFloats(feeds, in.kappa, f.bound.kappa, at.kappa)
	feedFloats(feeds, in.beta, f.bound.beta, at.beta)
	feedFloats(feeds, in.pull, f.bound.pull, at.pull)
	if in.crownRows.Feed.Op == nil {
		return
	}
	rows := int32(1)
	if at.beta > 0 {
		rows = int32(n)
		if f.graph.Views {
			rows *= 2
		}
	}
	f.bound.crownRows.Int32()[0] = rows
	feeds[in.crownRows.Feed] = f.bound.crownRows.Tensor
}

// feedRadius adds the largest change of an image and the size of a step.
func (f *inputBuffers) feedRadius(feeds graphs.Feeds, eps, alpha float32) {
	feedFloats(feeds, f.graph.ascent.eps, f.eps, eps)
	feedFloats(feeds, f.graph.ascent.alpha, f.alpha, alpha)
}

// feedFloats adds values to what is fed, by way of a buffer, if in is declared.
func feedFloats(feeds graphs.Feeds, in graphs.Input, buffer *graphs.Buffer, values ...float32) {
	if in.Feed.Op == nil {
		return
	}
	copy(buffer.Float32(), values)
	feeds[in.Feed] = buffer.Tensor
}
