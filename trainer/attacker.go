package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// attacker makes adversarial versions of images, one session call per step.
type attacker struct {
	graph   *TrainGraph
	net     runner
	method  imageAttack
	step    ascentStep
	seed    pipelines.Seed // of starts
	buffers *inputBuffers
}

// runner computes values of the graph: a net, a copy of a part of its graph, or a
// worker.
type runner interface {
	Run(feeds graphs.Feeds, fetches []tf.Output, targets ...*tf.Operation) ([]*tf.Tensor, error)
}

func (g *TrainGraph) newAttacker(net runner, m imageAttack, step ascentStep, seed pipelines.Seed) (*attacker, error) {
	buffers, err := g.newInputBuffers()
	if err != nil {
		return nil, err
	}
	return &attacker{graph: g, net: net, method: m, step: step, seed: seed, buffers: buffers}, nil
}

// newAdversary is the attacker that makes images to train on, nil where the
// configuration has no method that makes any.
func (g *TrainGraph) newAdversary(net runner, seed pipelines.Seed) (*attacker, error) {
	m := g.Config.imageAttack()
	if m == nil {
		return nil, nil
	}
	return g.newAttacker(net, m, g.adversaryStep, seed.Split("adversary"))
}

// perturb appends the adversarial versions of a batch to dst, row-major
// [N,H,W,C]: each differs from its image by at most eps, and stays in [0,1].
// Random starts depend on the seed, on at, and on each image's index. With eps 0
// they are the images.
func (a *attacker) perturb(dst []float32, b pipelines.Batch, at int, eps, alpha float32) ([]float32, error) {
	if eps == 0 {
		return append(dst, b.Images...), nil
	}
	feeds, err := a.buffers.feedBatch(b, false)
	if err != nil {
		return nil, err
	}
	a.buffers.feedRadius(feeds, eps, alpha)
	if a.method.comparesClean() {
		if err := a.feedCleanLogits(feeds); err != nil {
			return nil, err
		}
	}
	iterate := a.graph.ascent.iterate.Feed
	feeds[iterate] = a.starts(b, at, eps)
	for range a.method.steps() {
		out, err := a.net.Run(feeds, []tf.Output{a.step.next})
		if err != nil {
			return nil, err
		}
		feeds[iterate] = out[0]
	}
	return append(dst, graphs.Floats(nil, feeds[iterate])...), nil
}

// feedCleanLogits adds what the model computes of the clean images.
func (a *attacker) feedCleanLogits(feeds graphs.Feeds) error {
	feeds[a.graph.ascent.iterate.Feed] = feeds[a.graph.Images.Feed]
	clean, err := a.net.Run(feeds, []tf.Output{a.step.logits})
	if err == nil {
		feeds[a.graph.ascent.clean.Feed] = clean[0]
	}
	return err
}

// starts is where the first step begins for each image, [N,H,W,C].
func (a *attacker) starts(b pipelines.Batch, at int, eps float32) *tf.Tensor {
	buffer := a.buffers.bySize[b.N].iterate
	size := a.graph.Shape.Len()
	for i, index := range b.Index {
		x, image := buffer.Float32()[i*size:(i+1)*size], b.Images[i*size:(i+1)*size]
		copy(x, image)
		a.method.start(x, eps, a.seed.Split("start", at, index).Rand())
		clampToBox(x, image)
	}
	return buffer.Tensor
}
