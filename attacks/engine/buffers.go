package engine

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
)

// inputBuffers are the inputs of one batch size.
type inputBuffers struct {
	images, labels, targets, temperature, cotangent *graphs.Buffer
	references                                      map[attacks.Loss]*graphs.Buffer
}

func (r *BatchRunner) buffersFor(size int) (*inputBuffers, error) {
	if b, ok := r.buffers[size]; ok {
		return b, nil
	}
	b, err := r.Graph.newInputBuffers(size)
	if err == nil {
		r.buffers[size] = b
	}
	return b, err
}

func (g *AttackGraph) newInputBuffers(size int) (*inputBuffers, error) {
	v, n := g.Victim, int64(size)
	b := &inputBuffers{references: map[attacks.Loss]*graphs.Buffer{}}
	var err error
	allocate := func(dt tf.DataType, dims ...int64) *graphs.Buffer {
		if err != nil {
			return nil
		}
		var x *graphs.Buffer
		x, err = graphs.NewBuffer(dt, dims...)
		return x
	}
	b.images = allocate(tf.Float, n, int64(v.H), int64(v.W), int64(v.C))
	b.labels, b.targets = allocate(tf.Int32, n), allocate(tf.Int32, n)
	b.temperature, b.cotangent = allocate(tf.Float, n), allocate(tf.Float, n, int64(v.Classes))
	for l, in := range g.references {
		b.references[l] = allocate(tf.Float, n, in.Shape[1])
	}
	return b, err
}

// feed adds what the gradient pass of l reads besides images.
func (b *inputBuffers) feed(feeds graphs.Feeds, g *AttackGraph, l attacks.Loss) {
	feeds[g.labels.Feed], feeds[g.targets.Feed] = b.labels.Tensor, b.targets.Tensor
	feeds[g.temperature.Feed], feeds[g.cotangent.Feed] = b.temperature.Tensor, b.cotangent.Tensor
	if in, ok := g.references[l]; ok {
		feeds[in.Feed] = b.references[l].Tensor
	}
}

// fill writes requests to the buffers; padding repeats the first.
func (b *inputBuffers) fill(requests []attacks.Request) {
	n := len(b.labels.Int32())
	images, cotangent := b.images.Float32(), b.cotangent.Float32()
	size, k := len(images)/n, len(cotangent)/n
	for i := range n {
		r := requests[0]
		if i < len(requests) {
			r = requests[i]
		}
		copy(images[i*size:(i+1)*size], r.Image)
		b.labels.Int32()[i], b.targets.Int32()[i] = int32(r.Label), int32(r.Target)
		b.temperature.Float32()[i] = max(r.Temperature, 1e-30)
		if r.Cotangent != nil {
			copy(cotangent[i*k:(i+1)*k], r.Cotangent)
		}
		if r.Reference != nil {
			for _, buffer := range b.references {
				if d := len(buffer.Float32()) / n; d == len(r.Reference) {
					copy(buffer.Float32()[i*d:(i+1)*d], r.Reference)
				}
			}
		}
	}
}
