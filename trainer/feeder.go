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
}

type feed struct{ images, twins, labels *graphs.Buffer }

func (p *Plan) newFeeder() (*feeder, error) {
	step, err := graphs.NewBuffer(tf.Int64)
	if err != nil {
		return nil, err
	}
	rate, err := graphs.NewBuffer(tf.Float)
	if err != nil {
		return nil, err
	}
	return &feeder{p, map[int]*feed{}, step, rate}, nil
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
	if f.plan.Twins {
		if s.twins, err = f.plan.imageBuffer(tf.Float, n); err != nil {
			return nil, err
		}
	}
	if s.labels, err = graphs.NewBuffer(tf.Int32, int64(n)); err != nil {
		return nil, err
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

// training adds step number and learning rate.
func (f *feeder) training(b pipelines.Batch, step int, rate float32) (graphs.Feeds, error) {
	feeds, err := f.batch(b, f.plan.Twins)
	if err != nil {
		return nil, err
	}
	f.step.Int64()[0] = int64(step)
	f.rate.Float32()[0] = rate
	feeds[f.plan.step.Feed] = f.step.Tensor
	feeds[f.plan.rate.Feed] = f.rate.Tensor
	return feeds, nil
}
