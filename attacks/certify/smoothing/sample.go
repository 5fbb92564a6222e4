package smoothing

import (
	"context"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// stream is what samples of an image are for: each has noise of its own.
type stream uint64

const (
	selecting stream = iota
	estimating
	predicting
)

// sampler counts decisions about noisy copies of images. It belongs to one
// goroutine.
type sampler struct {
	graph   *Graph
	net     *graphs.Net
	batch   int
	seed    uint64
	image   *graphs.Buffer // nil before the first
	classes []int32
}

// counts are how often each class was the answer in n samples of one stream.
func (s *sampler) counts(ctx context.Context, image []float32, index int, from stream, n int) ([]int, error) {
	if err := s.takeImage(image); err != nil {
		return nil, err
	}
	counts := make([]int, s.graph.victim.Classes)
	for at := 0; at < n; at += s.batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.run(index, from, at, min(s.batch, n-at)); err != nil {
			return nil, err
		}
		for _, c := range s.classes {
			if c >= 0 {
				counts[c]++
			}
		}
	}
	return counts, nil
}

func (s *sampler) takeImage(image []float32) (err error) {
	if v := s.graph.victim; s.image == nil {
		if s.image, err = graphs.NewBuffer(tf.Float, 1, int64(v.H), int64(v.W), int64(v.C)); err != nil {
			return err
		}
	}
	copy(s.image.Float32(), image)
	return nil
}

// run decides about count samples, the first of which is number at.
func (s *sampler) run(index int, from stream, at, count int) error {
	feeds := graphs.Feeds{s.graph.image.Feed: s.image.Tensor}
	for in, value := range map[tf.Output]any{
		s.graph.key.Feed:     []uint64{mix(mix(s.seed) ^ uint64(index))},
		s.graph.counter.Feed: []uint64{uint64(at) * uint64(s.graph.steps()), uint64(from)},
		s.graph.count.Feed:   []int32{int32(count)},
	} {
		t, err := tf.NewTensor(value)
		if err != nil {
			return err
		}
		feeds[in] = t
	}
	out, err := s.net.Run(feeds, []tf.Output{s.graph.classes})
	if err != nil {
		return err
	}
	s.classes = graphs.Ints(s.classes, out[0])
	return nil
}

// mix spreads the bits of x: the finaliser of SplitMix64 (Steele, Lea and Flood
// 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
