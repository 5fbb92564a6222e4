package trainer

import (
	"context"
	"iter"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Evaluation is how a model does on a set of images, computed in float32.
type Evaluation struct {
	Images         int     `json:"images"`
	Accuracy       float64 `json:"accuracy"`                 // share of images classified right, in [0,1]
	Loss           float64 `json:"loss"`                     // mean cross-entropy, nats
	Reconstruction float64 `json:"reconstruction,omitempty"` // mean reconstruction error in the objective's norm
	Confusion      [][]int `json:"confusion"`                // [true class][predicted class]
	// Attacked is set by evaluation during training, where train.attacked asks
	// for it. All else is without any attack.
	Attacked *Attacked `json:"attacked,omitempty"`
}

// Evaluate classifies every image of src once, prepared as for evaluation.
func (p *Plan) Evaluate(ctx context.Context, net *graphs.Net, src pipelines.Source) (Evaluation, error) {
	var e Evaluation
	if err := p.Check(src); err != nil {
		return e, err
	}
	e.Confusion = make([][]int, p.Model.Classes)
	for i := range e.Confusion {
		e.Confusion[i] = make([]int, p.Model.Classes)
	}
	net, done, err := exactly(net)
	if err != nil {
		return e, err
	}
	defer done()
	f, err := p.newFeeder()
	if err != nil {
		return e, err
	}
	fetches := []tf.Output{p.best, p.each.Classification}
	if p.each.Reconstruction.Op != nil {
		fetches = append(fetches, p.each.Reconstruction)
	}
	var classes []int32
	var values []float32
	for b, err := range p.evaluated(ctx, src) {
		if err != nil {
			return e, err
		}
		feeds, err := f.batch(b, false)
		if err != nil {
			return e, err
		}
		out, err := net.Run(feeds, fetches)
		if err != nil {
			return e, err
		}
		classes = graphs.Ints(classes, out[0])
		for i, c := range classes {
			e.Confusion[b.Labels[i]][c]++
			if c == b.Labels[i] {
				e.Accuracy++
			}
		}
		values = graphs.Floats(values, out[1])
		e.Loss += sum(values)
		if len(out) > 2 {
			values = graphs.Floats(values, out[2])
			e.Reconstruction += sum(values)
		}
		e.Images += b.N
	}
	n := float64(e.Images)
	e.Accuracy, e.Loss, e.Reconstruction = e.Accuracy/n, e.Loss/n, e.Reconstruction/n
	return e, nil
}

// evaluated streams src once, prepared as for evaluation.
func (p *Plan) evaluated(ctx context.Context, src pipelines.Source) iter.Seq2[pipelines.Batch, error] {
	return pipelines.Stream(ctx, src, pipelines.Options{
		Batch: evalBatch, Augment: p.Config.Augment.Eval(), Epochs: 1, Remainder: true, Workers: p.Config.Workers,
	})
}

// evalBatch keeps the activations of Hinton's CNN within a few dozen MB.
const evalBatch = 250

func sum(x []float32) float64 {
	t := 0.0
	for _, v := range x {
		t += float64(v)
	}
	return t
}
