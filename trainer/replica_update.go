package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// updateBuffers hold what the update is fed beside what replicas hand over.
type updateBuffers struct {
	*inputBuffers
	images *graphs.Buffer // gradients of an inPassAttack; else nil
}

func (g *TrainGraph) newUpdateBuffers() (*updateBuffers, error) {
	common, err := g.newInputBuffers()
	b := &updateBuffers{inputBuffers: common}
	if err == nil && g.replicas.images.Feed.Op != nil {
		b.images, err = g.imageBuffer(tf.Float, g.Config.Batch)
	}
	return b, err
}

// apply updates the weights by what all replicas have computed.
func (p *replicas) apply(j *stepJob) (Losses, error) {
	r := &p.graph.replicas
	feeds := graphs.Feeds{}
	for k, inputs := range r.sums {
		for i, in := range inputs {
			feeds[in.Feed] = j.results[k][1+i]
		}
	}
	p.update.step.Int64()[0] = int64(j.step)
	feeds[p.graph.step.Feed] = p.update.step.Tensor
	feedFloats(feeds, p.graph.rate, p.update.rate, j.at.rate)
	if p.update.images != nil {
		p.update.feedRadius(feeds, j.at.eps, j.at.alpha)
		feedFloats(feeds, r.images, p.update.images, j.imageGradients()...)
	}
	out, err := p.net.Run(feeds, []tf.Output{r.norm}, p.graph.update)
	if err != nil {
		return Losses{}, err
	}
	return p.graph.terms.losses(append(j.terms(), graphs.Scalar(out[0]))), nil
}

// imageGradients are the gradients of all images of the batch, in its order.
func (j *stepJob) imageGradients() (all []float32) {
	for _, out := range j.results {
		all = append(all, graphs.Floats(nil, out[len(out)-1])...)
	}
	return all
}

// terms are those of the batch: each a sum of the replicas', by their shares.
func (j *stepJob) terms() (sum []float32) {
	for k, out := range j.results {
		weight := j.weight(j.whole.part(k, len(j.results)))
		terms := graphs.Floats(nil, out[0])
		if sum == nil {
			sum = make([]float32, len(terms))
		}
		for i, x := range terms {
			sum[i] += weight * x
		}
	}
	return sum
}
