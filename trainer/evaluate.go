package trainer

import (
	"context"
	"iter"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Evaluation is the result of a model on a set of images, computed in float32.
type Evaluation struct {
	Images         int     `json:"images"`
	Accuracy       float64 `json:"accuracy"`                 // share of images classified correctly, in [0,1]: the label's logit is strictly the largest
	Ties           int     `json:"ties,omitempty"`           // images whose label shares the largest logit: not correct
	Loss           float64 `json:"loss"`                     // mean cross-entropy, nats
	Reconstruction float64 `json:"reconstruction,omitempty"` // mean reconstruction error in the objective's norm
	Confusion      [][]int `json:"confusion"`                // [true class][predicted class], see graphs.Predict
	// Attacked is set by evaluation during training, where train.attacked asks
	// for it. All else is without any attack.
	Attacked *Attacked `json:"attacked,omitempty"`
	// Verified is set where train.verified asks for it.
	Verified *Verified `json:"verified,omitempty"`
}

// Evaluate classifies every image of src once, prepared as for evaluation.
func (g *TrainGraph) Evaluate(ctx context.Context, net *graphs.Net, src pipelines.Source) (Evaluation, error) {
	e, _, err := g.evaluate(ctx, net, src, 0)
	return e, err
}

// evaluate is Evaluate that keeps the worst mistakes, at most so many.
func (g *TrainGraph) evaluate(ctx context.Context, net *graphs.Net, src pipelines.Source, keep int) (Evaluation, mistakes, error) {
	worst := mistakes{most: keep, size: g.Shape.Len()}
	if err := g.CheckSource(src); err != nil {
		return Evaluation{}, worst, err
	}
	e := newEvaluation(g.Model.Classes)
	net, done, err := inFloat32(net)
	if err != nil {
		return e, worst, err
	}
	defer done()
	buffers, err := g.newInputBuffers()
	if err != nil {
		return e, worst, err
	}
	for b, err := range g.streamForEvaluation(ctx, src) {
		if err != nil {
			return e, worst, err
		}
		if err := g.evaluateBatch(net, buffers, b, &e, &worst); err != nil {
			return e, worst, err
		}
	}
	n := float64(e.Images)
	e.Accuracy, e.Loss, e.Reconstruction = e.Accuracy/n, e.Loss/n, e.Reconstruction/n
	return e, worst, nil
}

// firstImages are the first n images of src, all of them if there are no more or n
// is 0, if they are of the model's shape.
func (g *TrainGraph) firstImages(src pipelines.Source, n int) (pipelines.Source, error) {
	if err := g.CheckSource(src); err != nil {
		return nil, err
	}
	if n == 0 || n >= src.Len() {
		return src, nil
	}
	return pipelines.First(src, n)
}

func newEvaluation(classes int) Evaluation {
	e := Evaluation{Confusion: make([][]int, classes)}
	for i := range e.Confusion {
		e.Confusion[i] = make([]int, classes)
	}
	return e
}

// evaluateBatch adds the images of b to the sums in e.
func (g *TrainGraph) evaluateBatch(net *graphs.Net, buffers *inputBuffers, b pipelines.Batch, e *Evaluation, worst *mistakes) error {
	feeds, err := buffers.feedBatch(b, false)
	if err != nil {
		return err
	}
	fetches := []tf.Output{g.judged, g.tied, g.perImage.Classification, g.Inference.Logits}
	if g.perImage.Reconstruction.Op != nil {
		fetches = append(fetches, g.perImage.Reconstruction)
	}
	out, err := net.Run(feeds, fetches)
	if err != nil {
		return err
	}
	judged := graphs.Ints(nil, out[0])
	worst.add(b, judged, graphs.Floats(nil, out[3]))
	for i, c := range judged {
		e.Confusion[b.Labels[i]][c]++
		if c == b.Labels[i] {
			e.Accuracy++
		}
	}
	for _, tied := range out[1].Value().([]bool) {
		if tied {
			e.Ties++
		}
	}
	e.Loss += sumValues(graphs.Floats(nil, out[2]))
	if len(out) > 4 {
		e.Reconstruction += sumValues(graphs.Floats(nil, out[4]))
	}
	e.Images += b.N
	return nil
}

// streamForEvaluation streams src once, prepared as for evaluation.
func (g *TrainGraph) streamForEvaluation(ctx context.Context, src pipelines.Source) iter.Seq2[pipelines.Batch, error] {
	return pipelines.Stream(ctx, src, pipelines.Options{
		Batch: evalBatch, Augment: g.Config.Augment.ForEvaluation(), Epochs: 1, Remainder: true, Workers: g.Config.Workers,
	})
}

// EvaluationRows is the number of images that are evaluated at once.
const EvaluationRows = evalBatch

// evalBatch keeps the activations of Hinton's CNN within a few dozen MB.
const evalBatch = 250

func sumValues(x []float32) float64 {
	t := 0.0
	for _, v := range x {
		t += float64(v)
	}
	return t
}
