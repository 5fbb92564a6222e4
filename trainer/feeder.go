package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// feeder keeps one set of tensors per batch size and overwrites them: no
// memory is allocated per step.
type feeder struct {
	plan *Plan
	sets map[int]*feed
	step *graphs.Buffer
	rate *graphs.Buffer
	// Fed where there is an adversary, and where lambda rises.
	eps, alpha, lambda *graphs.Buffer
}

type feed struct{ images, twins, targets, iterate, labels, teacher *graphs.Buffer }

// pace is what schedules say of a step.
type pace struct {
	rate       float32 // learning rate
	eps, alpha float32 // of the adversary
	lambda     float32
}

func (p *Plan) newFeeder() (*feeder, error) {
	f := &feeder{plan: p, sets: map[int]*feed{}}
	var err error
	if f.step, err = graphs.NewBuffer(tf.Int64); err != nil {
		return nil, err
	}
	for _, scalar := range []**graphs.Buffer{&f.rate, &f.eps, &f.alpha, &f.lambda} {
		if *scalar, err = graphs.NewBuffer(tf.Float); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// imageBuffer holds n images of the model's shape.
func (p *Plan) imageBuffer(dt tf.DataType, n int) (*graphs.Buffer, error) {
	return graphs.NewBuffer(dt, int64(n), int64(p.Shape.H), int64(p.Shape.W), int64(p.Shape.C))
}

func (f *feeder) set(n int) (*feed, error) {
	if s := f.sets[n]; s != nil {
		return s, nil
	}
	s := &feed{}
	var err error
	if s.images, err = f.plan.imageBuffer(tf.Float, n); err != nil {
		return nil, err
	}
	for _, more := range []struct {
		to  **graphs.Buffer
		has graphs.Input
	}{{&s.twins, f.plan.twins}, {&s.targets, f.plan.targets}, {&s.iterate, f.plan.perturb.iterate}} {
		if more.has.Feed.Op == nil {
			continue
		}
		if *more.to, err = f.plan.imageBuffer(tf.Float, n); err != nil {
			return nil, err
		}
	}
	if s.labels, err = graphs.NewBuffer(tf.Int32, int64(n)); err != nil {
		return nil, err
	}
	if f.plan.teacher.Feed.Op != nil {
		rows := n
		if f.plan.Twins {
			rows *= 2
		}
		if s.teacher, err = graphs.NewBuffer(tf.Float, int64(rows), int64(f.plan.Model.Classes)); err != nil {
			return nil, err
		}
	}
	f.sets[n] = s
	return s, nil
}

// batch copies b into the tensors of its size and returns what to feed.
func (f *feeder) batch(b pipelines.Batch, twins bool) (graphs.Feeds, error) {
	s, err := f.set(b.N)
	if err != nil {
		return nil, err
	}
	copy(s.images.Float32(), b.Images)
	copy(s.labels.Int32(), b.Labels)
	feeds := graphs.Feeds{f.plan.Images.Feed: s.images.Tensor, f.plan.Labels.Feed: s.labels.Tensor}
	if twins {
		copy(s.twins.Float32(), b.Twins)
		feeds[f.plan.twins.Feed] = s.twins.Tensor
	}
	return feeds, nil
}

// rows adds what a training step needs besides images and labels.
func (f *feeder) rows(r rows, step int, at pace) (graphs.Feeds, error) {
	feeds, err := f.batch(r.Batch, f.plan.Twins)
	if err != nil {
		return nil, err
	}
	f.step.Int64()[0] = int64(step)
	f.rate.Float32()[0] = at.rate
	feeds[f.plan.step.Feed] = f.step.Tensor
	feeds[f.plan.rate.Feed] = f.rate.Tensor
	if in := f.plan.targets; in.Feed.Op != nil {
		t := f.sets[r.N].targets
		copy(t.Float32(), r.targets)
		feeds[in.Feed] = t.Tensor
	}
	if in := f.plan.teacher; in.Feed.Op != nil {
		t := f.sets[r.N].teacher
		copy(t.Float32(), r.teacher)
		feeds[in.Feed] = t.Tensor
	}
	if in := f.plan.lambda; in.Feed.Op != nil {
		f.lambda.Float32()[0] = at.lambda
		feeds[in.Feed] = f.lambda.Tensor
	}
	if f.plan.Config.Adversary.Method == "free" {
		f.radius(feeds, at.eps, at.alpha)
	}
	return feeds, nil
}

// radius adds the largest change of an image and the size of a step.
func (f *feeder) radius(feeds graphs.Feeds, eps, alpha float32) {
	f.eps.Float32()[0], f.alpha.Float32()[0] = eps, alpha
	feeds[f.plan.perturb.eps.Feed] = f.eps.Tensor
	feeds[f.plan.perturb.alpha.Feed] = f.alpha.Tensor
}
